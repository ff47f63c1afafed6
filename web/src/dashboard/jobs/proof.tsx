/** What the job proved: a sentence, the criteria, and the curves behind one of them. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type EvidenceFieldsFragment, TrainingJobProofDocument, type TrainingJobFieldsFragment } from '../../generated/graphql';
import { Calibration, Confusion, MANY } from '../charts/curves';
import { interval, ProofTable } from '../charts/proof';
import { decimal, many, percent } from '../parts/format';
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
      <p class={`verdict ${toneOf(evidence)}`}>{verdict(job, evidence)}</p>
      <ProofTable evidence={evidence} compared={job.baseVersion !== null} />
      <p class="legend">
        {job.baseVersion && <span class="key tick">the judge’s own scores</span>}
        <span class="key before">before</span>
        <span class="key after">after</span>
      </p>
      <p class="hint">
        {`Always giving the same score would be ${percent(evidence.constantBaseline.meanAbsoluteError, 1)} of the range off.`}
        {evidence.raterAgreement !== null &&
          ` People agree with each other with α ${decimal(evidence.raterAgreement)} (1: fully, 0: as chance would); no judge can agree with them better.`}
      </p>
      {evidence.unseenSources && <p class="hint">{unseen(evidence.unseenSources)}</p>}
      <Curves jobId={job.id} />
    </Section>
  );
}

function toneOf({ improved, maeChange: change, criteria }: EvidenceFieldsFragment): string {
  if (change && change.lower > 0) return 'bad';
  return improved && !criteria.some((row) => row.worsened) ? 'good' : '';
}

function verdict(job: TrainingJobFieldsFragment, evidence: EvidenceFieldsFragment): string {
  const { maeChange: change } = evidence;
  if (job.trainingType === 'VALIDATION') {
    const measured = evidence.after ?? evidence.raw;
    return `Measured only: the scores are ${percent(measured.meanAbsoluteError, 1)} of the range off people’s on average. The judge is as it was.`;
  }
  // Why a version was not deployed is news; that a deployed one is better is what the sentence says already.
  const deployed = job.deployment ? (job.deployment.deployed ? ' It is deployed.' : ` Not deployed: ${job.deployment.reason}`) : '';
  if (!change) return `There is nothing to compare.${deployed}`;
  const [estimate, ends] = interval(change, 100, 1).split(/ (?=\[)/);
  const size = `the mean absolute error changes by ${estimate} % of the range, 95 % interval ${ends}`;
  const worse = evidence.criteria.filter((row) => row.worsened).length;
  const but = worse ? `, but proven worse on ${worse} of ${many(evidence.criteria.length, 'criterion', 'criteria')}` : '';
  if (evidence.improved) return `Proven better${but}: ${size}, all of it below 0.${deployed}`;
  if (change.lower > 0) return `Proven worse: ${size}, all of it above 0.${deployed}`;
  return `Not proven better${but}: ${size}, which reaches 0.${deployed}`;
}

function unseen(found: NonNullable<EvidenceFieldsFragment['unseenSources']>): string {
  const [estimate, ends] = interval(found.maeChange, 100, 1).split(/ (?=\[)/);
  return `On sources that were not learned from, ${many(found.sourceCount, 'source')} in turn, the error changes by ${estimate} % of the range ${ends}, n ${many(found.heldOutCount, 'label')}.`;
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
              <label class="row filters behind">
                <span>Behind the proof of</span>
                <select value={proof.criterion.id} onChange={(event) => setChosen(event.currentTarget.value)}>
                  {criteria.map(({ criterion }) => (
                    <option key={criterion.id} value={criterion.id}>
                      {criterion.name}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <div class={matrix.levels.length > MANY ? 'charts fine' : 'charts'}>
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
