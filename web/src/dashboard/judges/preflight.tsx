/** What the server thinks of a training before it is created: asked anew a moment after each change. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type CreateTrainingJobInput, TrainingPreflightDocument } from '../../generated/graphql';
import { Problems } from '../parts/actions';
import { duration, many, percent } from '../parts/format';
import { useQuery } from '../parts/query';
import { Shown } from '../parts/shown';

const PAUSE = 300;

export function Preflight({ input }: { input: CreateTrainingJobInput }): JSX.Element {
  const written = JSON.stringify(input);
  const [settled, setSettled] = useState(written);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(written), PAUSE);
    return () => clearTimeout(timer);
  }, [written]);
  const answer = useQuery(TrainingPreflightDocument, { input: JSON.parse(settled) as CreateTrainingJobInput });
  return (
    <div class="preflight" aria-live="polite">
      <Shown answer={answer} what="What to expect">
        {({ trainingPreflight: told }) => (
          <>
            {told.ready && (
              <p>
                {[
                  told.feedbackSummary && `Learns from ${many(told.feedbackSummary.usableCount, 'usable item')} of feedback by ${many(told.feedbackSummary.raterCount, 'rater')}`,
                  told.estimatedSeconds !== null && `takes about ${duration(told.estimatedSeconds)}`,
                  told.detectableMaeChange !== null && `can prove a change of the error from ${percent(told.detectableMaeChange, 1)} of the range on`,
                ]
                  .filter(Boolean)
                  .join('; ')}
                .
              </p>
            )}
            <Problems errors={told.userErrors} />
            {told.warnings.length > 0 && (
              <ul class="warnings">
                {told.warnings.map((warning) => (
                  <li key={`${warning.code} ${warning.message}`}>{warning.message}</li>
                ))}
              </ul>
            )}
          </>
        )}
      </Shown>
    </div>
  );
}
