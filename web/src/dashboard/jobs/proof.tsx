/** Proof of a job: a summary, a table of the criteria, and charts for one of them. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type EvidenceFieldsFragment, TrainingJobProofDocument, type TrainingJobFieldsFragment } from '../../generated/graphql';
import { Calibration, Confusion, MAX_LARGE_LEVELS } from '../charts/curves';
import { interval, ProofTable } from '../charts/proof';
import { count, decimal, plural, percent } from '../parts/format';
import { Section } from '../parts/elements';
import { useQuery } from '../parts/query';
import { QueryView } from '../parts/query-view';

export function Proof({ job }: { job: TrainingJobFieldsFragment }): JSX.Element | null {
  const { evidence } = job;
  if (!evidence) return null;
  return (
    <Section
      title="Proof"
      note={`Measured on ${plural(evidence.heldOutCount, 'label')} in ${plural(evidence.groupCount, 'group')} of items that were not used for training. ${evidence.method}`}
    >
      <p class={`verdict ${toneOf(evidence)}`}>{summarize(job, evidence)}</p>
      <ProofTable evidence={evidence} compared={job.baseVersion !== null} />
      <p class="legend">
        {job.baseVersion && <span class="key tick">raw scores</span>}
        <span class="key before">before</span>
        <span class="key after">after</span>
      </p>
      <p class="hint">
        {`A constant score would have an error of ${percent(evidence.constantBaseline.meanAbsoluteError, 1)} of the range.`}
        {evidence.raterAgreement !== null &&
          ` Agreement among people: α ${decimal(evidence.raterAgreement)} (1 is perfect, 0 is chance).`}
      </p>
      {evidence.unseenSources && <p class="hint">{describeUnseenSources(evidence.unseenSources)}</p>}
      <Curves jobId={job.id} />
    </Section>
  );
}

function toneOf({ improved, squaredErrorChange: change, criteria }: EvidenceFieldsFragment): string {
  if (change && change.lower > 0) return 'bad';
  return improved && !criteria.some((row) => row.worsened) ? 'good' : '';
}

function summarize(job: TrainingJobFieldsFragment, evidence: EvidenceFieldsFragment): string {
  if (job.trainingType === 'VALIDATION') {
    const measured = evidence.after ?? evidence.raw;
    return `Measured only: the mean absolute error is ${percent(measured.meanAbsoluteError, 1)} of the range. The judge was not changed.`;
  }
  // The reason of a version that was not deployed states what the proof lacks.
  if (job.deployment && !job.deployment.deployed) return `Not deployed: ${job.deployment.reason}`;
  const worse = evidence.criteria.filter((row) => row.worsened).length;
  const but = worse ? ` Proven worse on ${count(worse)} of ${plural(evidence.criteria.length, 'criterion', 'criteria')}.` : '';
  return `${evidence.summary}${but}${job.deployment ? ' It is deployed.' : ''}`;
}

function describeUnseenSources(found: NonNullable<EvidenceFieldsFragment['unseenSources']>): string {
  const [estimate, ends] = interval(found.maeChange, 100, 1).split(/ (?=\[)/);
  return `On sources that were not used for training (${plural(found.sourceCount, 'source')} in turn), the error changes by ${estimate}% of the range, 95% interval ${ends}, ${plural(found.heldOutCount, 'label')}.`;
}

function Curves({ jobId }: { jobId: string }): JSX.Element {
  const answer = useQuery(TrainingJobProofDocument, { id: jobId });
  const [chosen, setChosen] = useState('');
  return (
    <QueryView answer={answer} label="The charts">
      {({ trainingJob }) => {
        const criteria = trainingJob?.evidence?.criteria ?? [];
        const proof = criteria.find((one) => one.criterion.id === chosen) ?? criteria[0];
        const matrix = proof && (proof.after ?? proof.before).confusion;
        if (!proof || !matrix) return <p class="hint">This proof was created before its charts were stored.</p>;
        return (
          <>
            {criteria.length > 1 && (
              <label class="row filters behind">
                <span>Charts for criterion</span>
                <select value={proof.criterion.id} onChange={(event) => setChosen(event.currentTarget.value)}>
                  {criteria.map(({ criterion }) => (
                    <option key={criterion.id} value={criterion.id}>
                      {criterion.name}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <div class={matrix.levels.length > MAX_LARGE_LEVELS ? 'charts fine' : 'charts'}>
              <Calibration proof={proof} />
              {proof.after && proof.before.confusion && <Confusion matrix={proof.before.confusion} name="before" />}
              <Confusion matrix={matrix} name={proof.after ? 'after' : 'current'} />
            </div>
          </>
        );
      }}
    </QueryView>
  );
}
