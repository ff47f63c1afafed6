/** The criteria with what the judge gave, to pick what a person would give; what is not picked is not said. */

import type { JSX } from 'preact';
import type { CriterionFieldsFragment, CriterionScoreFieldsFragment } from '../../generated/graphql';
import { decimal, NONE } from '../parts/format';

const MOST_BUTTONS = 11;

/** The points of a scale, where they are few enough to press one. */
export function pointsOf(criterion: Pick<CriterionFieldsFragment, 'min' | 'max' | 'step'>): number[] | null {
  const steps = Math.floor((criterion.max - criterion.min) / criterion.step + 1e-9);
  if (steps >= MOST_BUTTONS) return null;
  return Array.from({ length: steps + 1 }, (_, step) => Number((criterion.min + step * criterion.step).toFixed(6)));
}

interface Properties {
  criteria: readonly CriterionFieldsFragment[];
  shown: readonly CriterionScoreFieldsFragment[];
  chosen: ReadonlyMap<string, number>;
  /** The criterion that digits go to. */
  at: number;
  choose: (criterionId: string, score: number) => void;
  reach: (at: number) => void;
}

export function Scores({ criteria, shown, chosen, at, choose, reach }: Properties): JSX.Element {
  const given = new Map(shown.map((score) => [score.criterion.id, score.score]));
  return (
    <div class="scores">
      {criteria.map((criterion, index) => (
        <fieldset key={criterion.id} class={index === at ? 'marked' : undefined} onFocusCapture={() => reach(index)}>
          <legend>
            <strong>{criterion.name}</strong>
            <span class="hint">{` judge: ${score(given.get(criterion.id))}`}</span>
          </legend>
          {criterion.description && <p class="hint">{criterion.description}</p>}
          <Choice criterion={criterion} given={given.get(criterion.id)} chosen={chosen.get(criterion.id)} choose={choose} />
        </fieldset>
      ))}
    </div>
  );
}

function Choice(properties: {
  criterion: CriterionFieldsFragment;
  given: number | undefined;
  chosen: number | undefined;
  choose: Properties['choose'];
}): JSX.Element {
  const { criterion, given, chosen, choose } = properties;
  const points = pointsOf(criterion);
  if (!points)
    return (
      <input
        type="number"
        aria-label={`Your score for ${criterion.name}`}
        min={criterion.min}
        max={criterion.max}
        step="any"
        placeholder={score(given)}
        value={chosen ?? ''}
        onInput={(event) => {
          if (event.currentTarget.value !== '' && event.currentTarget.validity.valid) choose(criterion.id, event.currentTarget.valueAsNumber);
        }}
      />
    );
  return (
    <div class="points">
      {points.map((point) => (
        <label key={point} class={given !== undefined && Math.abs(point - given) < criterion.step / 2 ? 'given' : undefined}>
          <input type="radio" name={criterion.id} checked={chosen === point} onChange={() => choose(criterion.id, point)} />
          <span>{score(point)}</span>
        </label>
      ))}
    </div>
  );
}

function score(value: number | undefined): string {
  return value === undefined ? NONE : decimal(value, Number.isInteger(value) ? 0 : 2);
}
