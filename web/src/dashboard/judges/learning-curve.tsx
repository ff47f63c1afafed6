/** Learning curve, loaded on request because the server needs seconds to compute it. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { LearningCurveDocument, type LearningCurveQuery } from '../../generated/graphql';
import { LineChart } from '../charts/line';
import { plural, percent } from '../parts/format';
import { Section } from '../parts/elements';
import { useQuery } from '../parts/query';
import { Note, QueryView } from '../parts/query-view';

type Curve = NonNullable<LearningCurveQuery['learningCurve']>;

export function LearningCurve({ judgeId }: { judgeId: string }): JSX.Element {
  const [requested, setRequested] = useState(false);
  const answer = useQuery(LearningCurveDocument, requested ? { judgeId } : null);
  return (
    <Section
      title="Learning curve"
      aside={
        !requested && (
          <button type="button" class="quiet small" onClick={() => setRequested(true)}>
            Compute the learning curve
          </button>
        )
      }
    >
      {requested ? (
        <QueryView answer={answer} label="The learning curve">
          {({ learningCurve: curve }) =>
            curve?.points.length ? <CurveCharts curve={curve} /> : <Note title="There are no labels yet." />
          }
        </QueryView>
      ) : (
        <p class="hint">Versions are trained on growing parts of the feedback and measured on the rest, to show whether more feedback would help. This takes the server some seconds.</p>
      )}
    </Section>
  );
}

function CurveCharts({ curve }: { curve: Curve }): JSX.Element {
  const { points } = curve;
  const [first, last] = [points[0]!, points.at(-1)!];
  const share = (of: 'estimate' | 'lower' | 'upper') => points.map((point) => point.meanAbsoluteError[of] * 100);
  const rankCorrelations = points.map((point) => point.spearman?.estimate ?? null);
  const x = points.map((point) => point.labelCount);
  return (
    <>
      <p class="hint">
        {`The error is ${percent(first.meanAbsoluteError.estimate, 1)} of the range with ${plural(first.labelCount, 'label')} and ${percent(last.meanAbsoluteError.estimate, 1)} with ${plural(last.labelCount, 'label')}, of ${plural(curve.labelCount, 'label')} in total.`}
      </p>
      <div class="charts">
        <LineChart
          title="Mean absolute error, % of the range"
          xName="labels"
          x={x}
          digits={1}
          unit="%"
          lines={[
            { name: '95% interval', tone: 'before', values: share('lower') },
            { name: 'upper end', tone: 'before', values: share('upper'), unlabelled: true },
            { name: 'estimate', tone: 'after', values: share('estimate') },
          ]}
        />
        {rankCorrelations.some((value) => value !== null) && (
          <LineChart
            title="Rank correlation with people"
            xName="labels"
            x={x}
            digits={2}
            lines={[{ name: 'rank correlation', tone: 'after', values: rankCorrelations }]}
          />
        )}
      </div>
    </>
  );
}
