/** Preflight of a training job, requested again shortly after each change of the form. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type CreateTrainingJobInput, TrainingPreflightDocument } from '../../generated/graphql';
import { Problems } from '../parts/actions';
import { duration, plural, percent } from '../parts/format';
import { useQuery } from '../parts/query';
import { QueryView } from '../parts/query-view';

const DELAY_MS = 300;

export function Preflight({ input }: { input: CreateTrainingJobInput }): JSX.Element {
  const serialized = JSON.stringify(input);
  const [settled, setSettled] = useState(serialized);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(serialized), DELAY_MS);
    return () => clearTimeout(timer);
  }, [serialized]);
  const answer = useQuery(TrainingPreflightDocument, { input: JSON.parse(settled) as CreateTrainingJobInput });
  return (
    <div class="preflight" aria-live="polite">
      <QueryView answer={answer} label="The preflight">
        {({ trainingPreflight: preflight }) => (
          <>
            {preflight.ready && (
              <p>
                {[
                  preflight.feedbackSummary && `Uses ${plural(preflight.feedbackSummary.usableCount, 'usable item')} of feedback by ${plural(preflight.feedbackSummary.raterCount, 'rater')}`,
                  preflight.estimatedSeconds !== null && `takes about ${duration(preflight.estimatedSeconds)}`,
                  preflight.detectableMaeChange !== null && `can prove a change in error of at least ${percent(preflight.detectableMaeChange, 1)} of the range`,
                ]
                  .filter(Boolean)
                  .join('; ')}
                .
              </p>
            )}
            <Problems errors={preflight.userErrors} />
            {preflight.warnings.length > 0 && (
              <ul class="warnings">
                {preflight.warnings.map((warning) => (
                  <li key={`${warning.code} ${warning.message}`}>{warning.message}</li>
                ))}
              </ul>
            )}
          </>
        )}
      </QueryView>
    </div>
  );
}
