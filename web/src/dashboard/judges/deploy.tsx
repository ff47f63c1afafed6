/** Putting a version to use, and taking that back. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { DeployJudgeVersionDocument, RollbackJudgeDocument } from '../../generated/graphql';
import { ask } from '../api';
import { AskOnce, say } from '../parts/actions';
import { useMay } from '../parts/viewer';

interface Deployment {
  version: { id: string; number: number };
  improved: boolean;
  /** The version the page believes to be active; null: none is. Undefined: not known here. */
  activeId: string | null | undefined;
  done: () => void;
}

/**
 * Offers what the role allows: a proven version to a trainer, any version with a reason to an administrator, who may also
 * insist where the server refused a proven one, because it was measured against another version or harms a criterion.
 */
export function Deploy({ version, improved, activeId, done }: Deployment): JSX.Element | null {
  const trainer = useMay('TRAINER');
  const admin = useMay('ADMIN');
  const [refused, setRefused] = useState(false);
  if (!trainer || (!improved && !admin)) return null;
  const force = !improved || refused;
  return (
    <AskOnce
      label={improved ? 'Deploy' : 'Deploy without proof'}
      kind={improved ? 'primary' : 'quiet'}
      question={`Let version ${version.number} score from now on?`}
      confirm={refused ? 'Deploy it all the same' : 'Yes, deploy it'}
      reason={force ? 'required' : 'optional'}
      closed={() => setRefused(false)}
      act={async (reason) => {
        const { deployJudgeVersion: answer } = await ask(DeployJudgeVersionDocument, {
          input: { versionId: version.id, force, reason: reason ?? null, ...(activeId && { expectedActiveVersionId: activeId }) },
        });
        if (answer.judge) say(`Version ${version.number} scores from now on.`);
        else setRefused(admin && answer.userErrors.some((error) => GATE.includes(error.code)));
        done();
        return answer.userErrors;
      }}
    >
      <p>
        {!force
          ? 'It is proven better than what it was measured against. What it replaces is kept as a backup for a rollback.'
          : refused
            ? 'As an administrator you may insist. That you do, and why, is recorded.'
            : 'It is not proven better than what is active. That you deploy it all the same, and why, is recorded.'}
      </p>
    </AskOnce>
  );
}

/** What the server says where it would deploy the version only by force. */
const GATE: readonly string[] = ['NOT_AN_IMPROVEMENT', 'CONFLICT'];

export function Rollback(properties: { judgeId: string; active: { id: string; number: number }; done: () => void }): JSX.Element | null {
  const trainer = useMay('TRAINER');
  const { judgeId, active, done } = properties;
  if (!trainer) return null;
  return (
    <AskOnce
      label="Roll back"
      kind="danger"
      question={`Take version ${active.number} out of use?`}
      confirm="Yes, roll back"
      reason="optional"
      act={async (reason) => {
        const { rollbackJudge: answer } = await ask(RollbackJudgeDocument, {
          input: { judgeId, reason: reason ?? null, expectedActiveVersionId: active.id },
        });
        if (answer.judge) {
          const now = answer.judge.activeVersion;
          say(now ? `Rolled back: version ${now.number} scores again.` : 'Rolled back: the judge’s own scores stand again.');
        }
        done();
        return answer.userErrors;
      }}
    >
      <p>The version kept as backup scores again, or the judge’s own scores if there is none.</p>
    </AskOnce>
  );
}
