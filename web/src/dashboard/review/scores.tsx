/** Fields for a person's scores, beside the judge's. Criteria without a choice are not corrected. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CriterionFieldsFragment, CriterionScoreFieldsFragment } from '../../generated/graphql';
import { points as formatPoint } from '../parts/format';

const MAX_BUTTONS = 11;

/** Return the points of a scale, or null if there are too many for buttons. */
export function pointsOf(criterion: Pick<CriterionFieldsFragment, 'min' | 'max' | 'step'>): number[] | null {
  const steps = Math.floor((criterion.max - criterion.min) / criterion.step + 1e-9);
  if (steps >= MAX_BUTTONS) return null;
  return Array.from({ length: steps + 1 }, (_, step) => Number((criterion.min + step * criterion.step).toFixed(6)));
}

/** Return the id of the number field of a criterion. */
export function fieldOf(criterionId: string): string {
  return `score-${criterionId}`;
}

interface Properties {
  criteria: readonly CriterionFieldsFragment[];
  shown: readonly CriterionScoreFieldsFragment[];
  chosen: ReadonlyMap<string, number>;
  /** Index of the criterion that digits score. */
  at: number;
  /** Choose a score; undefined removes the choice. */
  choose: (criterionId: string, score: number | undefined) => void;
  onFocus: (at: number) => void;
}

export function Scores({ criteria, shown, chosen, at, choose, onFocus }: Properties): JSX.Element {
  const given = new Map(shown.map((score) => [score.criterion.id, score.score]));
  return (
    <div class="scores">
      {criteria.map((criterion, index) => (
        <fieldset key={criterion.id} class={index === at ? 'marked' : undefined} onFocusCapture={() => onFocus(index)}>
          <legend>
            <strong>{criterion.name}</strong>
            <span class="hint">{` judge: ${formatPoint(given.get(criterion.id))}`}</span>
          </legend>
          {criterion.description && <p class="hint">{criterion.description}</p>}
          <Choice criterion={criterion} given={given.get(criterion.id)} chosen={chosen.get(criterion.id)} choose={choose} />
        </fieldset>
      ))}
    </div>
  );
}

interface ChoiceProperties {
  criterion: CriterionFieldsFragment;
  given: number | undefined;
  chosen: number | undefined;
  choose: Properties['choose'];
}

function Choice(properties: ChoiceProperties): JSX.Element {
  const { criterion, given, chosen, choose } = properties;
  const points = pointsOf(criterion);
  if (!points) return <ScoreField {...properties} />;
  return (
    <div class="points">
      {points.map((point) => (
        <label key={point} class={given !== undefined && Math.abs(point - given) < criterion.step / 2 ? 'given' : undefined}>
          <input type="radio" name={criterion.id} checked={chosen === point} onChange={() => choose(criterion.id, point)} />
          <span>{formatPoint(point)}</span>
        </label>
      ))}
    </div>
  );
}

function ScoreField({ criterion, given, chosen, choose }: ChoiceProperties): JSX.Element {
  const [text, setText] = useState(chosen === undefined ? '' : String(chosen)); // the text may not be a valid score yet
  const range = `${formatPoint(criterion.min)} to ${formatPoint(criterion.max)}`;
  return (
    <div class="row tight">
      <input
        id={fieldOf(criterion.id)}
        type="number"
        aria-label={`Your score for ${criterion.name}, ${range}`}
        min={criterion.min}
        max={criterion.max}
        step="any"
        placeholder={formatPoint(given)}
        value={text}
        onInput={(event) => {
          const { value, validity, valueAsNumber } = event.currentTarget;
          setText(value);
          choose(criterion.id, value !== '' && validity.valid ? valueAsNumber : undefined);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <span class="hint">{range}</span>
    </div>
  );
}
