/** Page of one judge: active version, feedback, versions, training. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { FeedbackSummaryChangedDocument, JudgeOverviewDocument, type JudgeOverviewQuery } from '../../generated/graphql';
import { subscribe } from '../api';
import { JudgeJobs } from '../jobs/jobs';
import { useDebounced } from '../parts/debounce';
import { count, day, decimal, plural, NONE, percent, points, signed, dateSpan } from '../parts/format';
import { Figure, Heading, Section, Table } from '../parts/elements';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, QueryView } from '../parts/query-view';
import { useHasRole } from '../parts/viewer';
import { LearningCurve } from './learning-curve';
import { FeedbackByDay } from './feedback-by-day';
import { Raters } from './raters';
import { Train } from './train';
import { Versions } from './versions';

type Overview = NonNullable<JudgeOverviewQuery['judge']>;

export function JudgePage({ id }: { id: string }): JSX.Element {
  const answer = useQuery(JudgeOverviewDocument, { id, raters: 100 });
  const reload = useDebounced(answer.reload, 400);
  useEffect(() => {
    let first = true; // the first update repeats the query's data
    return subscribe(FeedbackSummaryChangedDocument, () => ({ judgeId: id }), {
      next: () => (first ? (first = false) : reload()),
      failed: () => undefined, // the query reports the error
    });
  }, [id, reload]);
  return (
    <QueryView answer={answer} label="The judge" heading="Judge">
      {({ judge }) =>
        judge ? (
          <Judge judge={judge} reload={answer.reload} />
        ) : (
          <>
            <Heading title="Judge not found" />
            <Note title={`Your workspace has no judge ${id}.`}>
              <a href={to('judges')}>All judges</a>
            </Note>
          </>
        )
      }
    </QueryView>
  );
}

function Judge({ judge, reload }: { judge: Overview; reload: () => void }): JSX.Element {
  const [training, setTraining] = useState(false);
  const trainer = useHasRole('TRAINER');
  const annotator = useHasRole('ANNOTATOR');
  return (
    <>
      <Heading
        title={judge.name}
        above={
          <>
            <a href={to('judges')}>Judges</a> / <span class="id">{judge.id}</span>
          </>
        }
      >
        {annotator && (
          <a class="button" href={to('judges', judge.id, 'review')}>
            Review evaluations
          </a>
        )}
        {trainer && (
          <button type="button" class="primary" aria-expanded={training} onClick={() => setTraining(!training)}>
            Train now
          </button>
        )}
      </Heading>
      {judge.description && <Description text={judge.description} />}
      {training && <Train judge={judge} newFeedbackCount={judge.feedbackSummary.newSinceLastTraining} close={() => setTraining(false)} />}
      <Figures judge={judge} />
      <FeedbackSection judge={judge} />
      <Versions judge={judge} onChange={reload} />
      {judge.feedbackSummary.usableCount > 0 && <LearningCurve judgeId={judge.id} />}
      <JudgeJobs judgeId={judge.id} />
    </>
  );
}

const MAX_LEAD_LENGTH = 400;

function Description({ text }: { text: string }): JSX.Element {
  if (text.length <= MAX_LEAD_LENGTH) return <p class="lead">{text}</p>;
  return (
    <details class="lead">
      <summary>{`${text.slice(0, MAX_LEAD_LENGTH / 2).trimEnd()} … (show all)`}</summary>
      <p>{text}</p>
    </details>
  );
}

function Figures({ judge }: { judge: Overview }): JSX.Element {
  const { activeVersion: version, feedbackSummary: summary } = judge;
  const after = version?.evidence?.after;
  return (
    <dl class="figures">
      <Figure
        name="Active version"
        value={version ? `Version ${version.number}` : 'Raw scores'}
        note={version ? `created ${day(version.createdAt)}` : 'no version is active'}
      />
      <Figure
        name="Error against people"
        value={after ? percent(after.meanAbsoluteError, 1) : NONE}
        note={after ? `of the range, ${plural(version.evidence?.heldOutCount ?? 0, 'label')}` : 'not measured yet'}
      />
      <Figure
        name="Exact agreement"
        value={after ? percent(after.exactAgreement) : NONE}
        note={after ? `within one step: ${percent(after.withinOneAgreement)}` : 'not measured yet'}
      />
      <Figure name="Usable feedback" value={count(summary.usableCount)} note={`of ${plural(summary.totalFeedbackCount, 'item')}`} />
      <Figure name="New feedback" value={count(summary.newSinceLastTraining)} note="since the last training" />
      <Figure
        name="Raters"
        value={count(summary.raterCount)}
        note={summary.raterAgreement === null ? 'no item has two raters' : `agreement α ${decimal(summary.raterAgreement)}`}
      />
    </dl>
  );
}

function FeedbackSection({ judge }: { judge: Overview }): JSX.Element {
  const { feedbackSummary: summary } = judge;
  if (!summary.totalFeedbackCount)
    return (
      <Section title="Feedback">
        <Note title="No feedback yet.">
          Review evaluations here, or send corrections with the mutation <code>submitFeedback</code>.
        </Note>
      </Section>
    );
  const kinds = [
    plural(summary.correctionCount, 'correction'),
    plural(summary.ratingCount, 'rating'),
    plural(summary.approvalCount, 'approval'),
    plural(summary.commentCount, 'comment'),
  ];
  const byCriterion = new Map(summary.criteria.map((row) => [row.criterion.id, row]));
  return (
    <Section
      title="Feedback"
      note={`${kinds.join(', ')} on ${plural(summary.evaluationCount, 'evaluation')}, ${dateSpan(summary.dateRange)}.`}
    >
      <Table
        caption="Corrections by criterion"
        head={[
          'Criterion',
          'Scale',
          { text: 'n corrections', number: true },
          { text: 'Mean shift, points', number: true },
          { text: 'Mean absolute shift, points', number: true },
          { text: 'Rater agreement, α', number: true },
        ]}
      >
        {judge.criteria.map((criterion) => {
          const row = byCriterion.get(criterion.id);
          return (
            <tr key={criterion.id}>
              <th scope="row">
                {criterion.name}
                {criterion.description && <span class="hint block">{criterion.description}</span>}
              </th>
              <td>{`${points(criterion.min)} to ${points(criterion.max)}, by ${points(criterion.step)}`}</td>
              <td class="number">{count(row?.correctionCount ?? 0)}</td>
              <td class="number">{signed(row?.meanShift)}</td>
              <td class="number">{decimal(row?.meanAbsoluteShift)}</td>
              <td class="number">{decimal(row?.raterAgreement)}</td>
            </tr>
          );
        })}
      </Table>
      <p class="hint">
        Shift: people’s score minus the judge’s. A positive shift means that the judge scores too low. α: Krippendorff’s alpha, the agreement of raters
        (1 is perfect, 0 is chance); {NONE} if no item has two raters.
      </p>
      <FeedbackByDay judgeId={judge.id} />
      <Raters raters={summary.raters} all={summary.raterCount} total={summary.totalFeedbackCount} />
    </Section>
  );
}
