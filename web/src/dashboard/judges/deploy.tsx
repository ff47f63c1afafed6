/** Putting a version to use, and taking that back. */

import type { JSX } from 'preact';
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

/** Offers what the role allows: a proven version to a trainer, any version with a reason to an administrator. */
export function Deploy({ version, improved, activeId, done }: Deployment): JSX.Element | null {
  const trainer = useMay('TRAINER');
  const admin = useMay('ADMIN');
  if (!trainer || (!improved && !admin)) return null;
  return (
    <AskOnce
      label={improved ? 'Deploy' : 'Deploy without proof'}
      kind={improved ? 'primary' : 'quiet'}
      question={`Let version ${version.number} score from now on?`}
      confirm="Yes, deploy it"
      reason={improved ? 'optional' : 'required'}
      act={async (reason) => {
        const { deployJudgeVersion: answer } = await ask(DeployJudgeVersionDocument, {
          input: { versionId: version.id, force: !improved, reason: reason ?? null, ...(activeId && { expectedActiveVersionId: activeId }) },
        });
        if (answer.judge) say(`Version ${version.number} scores from now on.`);
        done();
        return answer.userErrors;
      }}
    >
      <p>
        {improved
          ? 'It is proven better than what it replaces, which is kept as a backup for a rollback.'
          : 'It is not proven better than what is active. That you deploy it all the same, and why, is recorded.'}
      </p>
    </AskOnce>
  );
}

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
