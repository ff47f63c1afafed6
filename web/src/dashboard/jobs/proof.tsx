/** What the job proved: a sentence, the criteria, and the curves behind one of them. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type EvidenceFieldsFragment, TrainingJobProofDocument, type TrainingJobFieldsFragment } from '../../generated/graphql';
import { Calibration, Confusion } from '../charts/curves';
import { interval, ProofTable } from '../charts/proof';
import { many, percent, signed } from '../parts/format';
import { Section } from '../parts/look';
import { useQuery } from '../parts/query';
import { Shown } from '../parts/shown';

export function Proof({ job }: { job: TrainingJobFieldsFragment }): JSX.Element | null {
  const { evidence } = job;
  if (!evidence) return null;
  return (
    <Section
      title="Proof"
      note={`On ${many(evidence.heldOutCount, 'label')} of ${many(evidence.groupCount, 'group')} of items that the scores had not learned from. ${evidence.method}`}
    >
      <p class={evidence.improved ? 'verdict good' : 'verdict'}>{verdict(job, evidence)}</p>
      <ProofTable evidence={evidence} compared={job.baseVersion !== null} />
      <p class="legend">
        {job.baseVersion && <span class="key tick">the judge’s own scores</span>}
        <span class="key before">before</span>
        <span class="key after">after</span>
        <span>{`Always giving the same score would be ${percent(evidence.constantBaseline.meanAbsoluteError, 1)} of the range off.`}</span>
      </p>
      <Curves jobId={job.id} />
    </Section>
  );
}

function verdict(job: TrainingJobFieldsFragment, evidence: EvidenceFieldsFragment): string {
  const { maeChange: change } = evidence;
  const deployed = job.deployment ? ` ${job.deployment.deployed ? 'Deployed' : 'Not deployed'}: ${job.deployment.reason}` : '';
  if (job.trainingType === 'VALIDATION') {
    const measured = evidence.after ?? evidence.raw;
    return `Measured only: the scores are ${percent(measured.meanAbsoluteError, 1)} of the range off people’s on average. The judge is as it was.`;
  }
  if (!change) return `There is nothing to compare.${deployed}`;
  const size = `${signed(change.estimate * 100, 1)} % of the range (95 % interval ${interval(change, 100, 1).replace(/^\S+ /, '')})`;
  return evidence.improved
    ? `Proven better: the mean absolute error changes by ${size}, all of it below 0.${deployed}`
    : `Not proven better: the mean absolute error changes by ${size}, which reaches 0.${deployed}`;
}

function Curves({ jobId }: { jobId: string }): JSX.Element {
  const answer = useQuery(TrainingJobProofDocument, { id: jobId });
  const [chosen, setChosen] = useState('');
  return (
    <Shown answer={answer} what="The curves">
      {({ trainingJob }) => {
        const criteria = trainingJob?.evidence?.criteria ?? [];
        const proof = criteria.find((one) => one.criterion.id === chosen) ?? criteria[0];
        const matrix = proof && (proof.after ?? proof.before).confusion;
        if (!proof || !matrix) return <p class="hint">This proof was made before its curves were kept.</p>;
        return (
          <>
            {criteria.length > 1 && (
              <label class="row filters">
                <span>Criterion</span>
                <select value={proof.criterion.id} onChange={(event) => setChosen(event.currentTarget.value)}>
                  {criteria.map(({ criterion }) => (
                    <option key={criterion.id} value={criterion.id}>
                      {criterion.name}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <div class="charts">
              <Calibration proof={proof} />
              {proof.after && proof.before.confusion && <Confusion matrix={proof.before.confusion} name="before" />}
              <Confusion matrix={matrix} name={proof.after ? 'after' : 'as it is'} />
            </div>
          </>
        );
      }}
    </Shown>
  );
}
