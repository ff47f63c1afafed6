/** Buttons to deploy a version and to roll back. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { DeployJudgeVersionDocument, RollbackJudgeDocument } from '../../generated/graphql';
import { execute } from '../api';
import { ConfirmButton, showMessage } from '../parts/actions';
import { useHasRole } from '../parts/viewer';

interface Deployment {
  version: { id: string; number: number };
  improved: boolean;
  /** Id of the version that the page shows as active; null if none is, undefined if unknown. */
  activeId: string | null | undefined;
  onDone: () => void;
}

/**
 * Button to deploy a version. A trainer can deploy a proven version. An administrator can deploy any version with a
 * reason, also after the server rejected a proven one because its baseline is outdated or a criterion became worse.
 */
export function Deploy({ version, improved, activeId, onDone }: Deployment): JSX.Element | null {
  const trainer = useHasRole('TRAINER');
  const admin = useHasRole('ADMIN');
  const [rejected, setRejected] = useState(false);
  if (!trainer || (!improved && !admin)) return null;
  const force = !improved || rejected;
  return (
    <ConfirmButton
      label={improved ? 'Deploy' : 'Deploy without proof'}
      kind={improved ? 'primary' : 'quiet'}
      question={`Deploy version ${version.number}?`}
      confirm={rejected ? 'Deploy anyway' : 'Yes, deploy it'}
      reason={force ? 'required' : 'optional'}
      onClose={() => setRejected(false)}
      act={async (reason) => {
        const { deployJudgeVersion: result } = await execute(DeployJudgeVersionDocument, {
          input: { versionId: version.id, force, reason: reason ?? null, ...(activeId && { expectedActiveVersionId: activeId }) },
        });
        if (result.judge) showMessage(`Version ${version.number} is active.`);
        else setRejected(admin && result.userErrors.some((error) => GATE_CODES.includes(error.code)));
        onDone();
        return result.userErrors;
      }}
    >
      <p>
        {!force
          ? 'This version is proven better than its baseline. The version it replaces is kept as a backup for a rollback.'
          : rejected
            ? 'As an administrator you can deploy it anyway. The deployment and its reason are recorded.'
            : 'This version is not proven better than the active one. The deployment and its reason are recorded.'}
      </p>
    </ConfirmButton>
  );
}

/** Error codes of versions that can be deployed by force. */
const GATE_CODES: readonly string[] = ['NOT_AN_IMPROVEMENT', 'CONFLICT'];

export function Rollback(properties: { judgeId: string; active: { id: string; number: number }; onDone: () => void }): JSX.Element | null {
  const trainer = useHasRole('TRAINER');
  const { judgeId, active, onDone } = properties;
  if (!trainer) return null;
  return (
    <ConfirmButton
      label="Roll back"
      kind="danger"
      question={`Roll back version ${active.number}?`}
      confirm="Yes, roll back"
      reason="optional"
      act={async (reason) => {
        const { rollbackJudge: result } = await execute(RollbackJudgeDocument, {
          input: { judgeId, reason: reason ?? null, expectedActiveVersionId: active.id },
        });
        if (result.judge) {
          const now = result.judge.activeVersion;
          showMessage(now ? `Rolled back. Version ${now.number} is active.` : 'Rolled back. Raw scores are in use.');
        }
        onDone();
        return result.userErrors;
      }}
    >
      <p>The newest backup becomes active again. Without a backup, the raw scores are in use.</p>
    </ConfirmButton>
  );
}
