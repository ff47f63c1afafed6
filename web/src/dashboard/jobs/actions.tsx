/** Actions on a job: start, cancel, retry, deploy. Each asks for confirmation. */

import type { JSX } from 'preact';
import {
  CancelTrainingJobDocument,
  RetryTrainingJobDocument,
  StartTrainingJobDocument,
  type TrainingJobFieldsFragment,
} from '../../generated/graphql';
import { execute } from '../api';
import { Deploy } from '../judges/deploy';
import { ConfirmButton, showMessage } from '../parts/actions';
import { navigateTo } from '../parts/router';
import { useHasRole } from '../parts/viewer';
import { ENDED } from './states';

export function JobActions({ job, reload }: { job: TrainingJobFieldsFragment; reload: () => void }): JSX.Element | null {
  const trainer = useHasRole('TRAINER');
  if (!trainer) return null;
  const version = job.resultVersion;
  return (
    <>
      {job.status === 'CREATED' && (
        <ConfirmButton
          label="Start"
          kind="primary"
          question="Start this job now?"
          confirm="Yes, start it"
          act={async () => {
            const { startTrainingJob: result } = await execute(StartTrainingJobDocument, { input: { jobId: job.id } });
            if (result.trainingJob) reload();
            return result.userErrors;
          }}
        />
      )}
      {!ENDED.includes(job.status) && (
        <ConfirmButton
          label="Cancel job"
          kind="danger"
          question="Cancel this job?"
          confirm="Yes, cancel it"
          reason="optional"
          act={async (reason) => {
            const { cancelTrainingJob: result } = await execute(CancelTrainingJobDocument, { input: { jobId: job.id, reason: reason ?? null } });
            if (result.trainingJob) showMessage('The job is being cancelled.');
            reload();
            return result.userErrors;
          }}
        >
          <p>The progress so far is discarded. You can retry the job later with the feedback available then.</p>
        </ConfirmButton>
      )}
      {(job.status === 'FAILED' || job.status === 'CANCELLED') && (
        <ConfirmButton
          label="Retry"
          kind="primary"
          question="Retry this job?"
          confirm="Yes, retry it"
          act={async () => {
            const { retryTrainingJob: result } = await execute(RetryTrainingJobDocument, { input: { jobId: job.id } });
            if (result.trainingJob) navigateTo('jobs', result.trainingJob.id);
            return result.userErrors;
          }}
        >
          <p>This creates a new job with the same settings and the current feedback.</p>
        </ConfirmButton>
      )}
      {version && version.status !== 'ACTIVE' && (
        <Deploy version={version} improved={job.evidence?.improved ?? false} activeId={undefined} onDone={reload} />
      )}
    </>
  );
}
