/** What can be done about a job: start, cancel, retry, deploy. Each asks once. */

import type { JSX } from 'preact';
import {
  CancelTrainingJobDocument,
  RetryTrainingJobDocument,
  StartTrainingJobDocument,
  type TrainingJobFieldsFragment,
} from '../../generated/graphql';
import { ask } from '../api';
import { Deploy } from '../judges/deploy';
import { AskOnce, say } from '../parts/actions';
import { go } from '../parts/router';
import { useMay } from '../parts/viewer';
import { OVER } from './states';

export function JobActions({ job, reload }: { job: TrainingJobFieldsFragment; reload: () => void }): JSX.Element | null {
  const trainer = useMay('TRAINER');
  if (!trainer) return null;
  const version = job.resultVersion;
  return (
    <>
      {job.status === 'CREATED' && (
        <AskOnce
          label="Start"
          kind="primary"
          question="Start this job now?"
          confirm="Yes, start it"
          act={async () => {
            const { startTrainingJob: answer } = await ask(StartTrainingJobDocument, { input: { jobId: job.id } });
            if (answer.trainingJob) reload();
            return answer.userErrors;
          }}
        />
      )}
      {!OVER.includes(job.status) && (
        <AskOnce
          label="Cancel job"
          kind="danger"
          question="Cancel this job?"
          confirm="Yes, cancel it"
          reason="optional"
          act={async (reason) => {
            const { cancelTrainingJob: answer } = await ask(CancelTrainingJobDocument, { input: { jobId: job.id, reason: reason ?? null } });
            if (answer.trainingJob) say('The job is being cancelled.');
            reload();
            return answer.userErrors;
          }}
        >
          <p>What it has learned so far is dropped. It can be tried again later, on the feedback there is then.</p>
        </AskOnce>
      )}
      {(job.status === 'FAILED' || job.status === 'CANCELLED') && (
        <AskOnce
          label="Retry"
          kind="primary"
          question="Try this job again?"
          confirm="Yes, try again"
          act={async () => {
            const { retryTrainingJob: answer } = await ask(RetryTrainingJobDocument, { input: { jobId: job.id } });
            if (answer.trainingJob) go('jobs', answer.trainingJob.id);
            return answer.userErrors;
          }}
        >
          <p>A new job with the same settings learns from the feedback there is now.</p>
        </AskOnce>
      )}
      {version && version.status !== 'ACTIVE' && (
        <Deploy version={version} improved={job.evidence?.improved ?? false} activeId={undefined} done={reload} />
      )}
    </>
  );
}
