/** Whether more feedback would help: loaded when somebody wants to know, since it takes the server seconds. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { LearningCurveDocument, type LearningCurveQuery } from '../../generated/graphql';
import { LineChart } from '../charts/line';
import { count, many, percent } from '../parts/format';
import { Section } from '../parts/look';
import { useQuery } from '../parts/query';
import { Note, Shown } from '../parts/shown';

type Curve = NonNullable<LearningCurveQuery['learningCurve']>;

export function Learning({ judgeId }: { judgeId: string }): JSX.Element {
  const [wanted, setWanted] = useState(false);
  const answer = useQuery(LearningCurveDocument, wanted ? { judgeId } : null);
  return (
    <Section
      title="Would more feedback help?"
      aside={
        !wanted && (
          <button type="button" class="quiet small" onClick={() => setWanted(true)}>
            Draw the learning curve
          </button>
        )
      }
    >
      {wanted ? (
        <Shown answer={answer} what="The learning curve, which takes some seconds the first time">
          {({ learningCurve: curve }) =>
            curve?.points.length ? <Drawn curve={curve} /> : <Note title="There are no labels to learn from yet." />
          }
        </Shown>
      ) : (
        <p class="hint">Versions are learned from growing parts of the feedback there is, and measured on the rest.</p>
      )}
    </Section>
  );
}

function Drawn({ curve }: { curve: Curve }): JSX.Element {
  const { points } = curve;
  const [first, last] = [points[0]!, points.at(-1)!];
  const share = (of: 'estimate' | 'lower' | 'upper') => points.map((point) => point.meanAbsoluteError[of] * 100);
  const order = points.map((point) => point.spearman?.estimate ?? null);
  const x = points.map((point) => point.labelCount);
  return (
    <>
      <p class="hint">
        {`From ${percent(first.meanAbsoluteError.estimate, 1)} of the range off with ${many(first.labelCount, 'label')} to ${percent(last.meanAbsoluteError.estimate, 1)} with ${count(last.labelCount)}; ${many(curve.labelCount, 'label')} in all.`}
      </p>
      <div class="charts">
        <LineChart
          title="Mean absolute error, % of the range"
          across="labels"
          x={x}
          digits={1}
          unit=" %"
          lines={[
            { name: '95 % interval', tone: 'before', values: share('lower') },
            { name: 'its upper end', tone: 'before', values: share('upper'), same: true },
            { name: 'estimate', tone: 'after', values: share('estimate') },
          ]}
        />
        {order.some((value) => value !== null) && (
          <LineChart
            title="Rank correlation with people"
            across="labels"
            x={x}
            digits={2}
            lines={[{ name: 'rank correlation', tone: 'after', values: order }]}
          />
        )}
      </div>
    </>
  );
}
