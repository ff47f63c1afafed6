/** One judge: what scores, what people say, its versions, and training it now. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { FeedbackSummaryChangedDocument, JudgeOverviewDocument, type JudgeOverviewQuery } from '../../generated/graphql';
import { follow } from '../api';
import { JobsOf } from '../jobs/jobs';
import { useDebounced } from '../parts/debounce';
import { count, day, decimal, many, NONE, percent, points, signed, span } from '../parts/format';
import { Figure, Heading, Section, Table } from '../parts/look';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, Shown } from '../parts/shown';
import { useMay } from '../parts/viewer';
import { Learning } from './curve';
import { Days } from './days';
import { Raters } from './raters';
import { Train } from './train';
import { Versions } from './versions';

type Overview = NonNullable<JudgeOverviewQuery['judge']>;

export function JudgePage({ id }: { id: string }): JSX.Element {
  const answer = useQuery(JudgeOverviewDocument, { id, raters: 100 });
  const reload = useDebounced(answer.reload, 400);
  useEffect(() => {
    let first = true; // the stream begins with what the query says as well
    return follow(FeedbackSummaryChangedDocument, () => ({ judgeId: id }), {
      next: () => (first ? (first = false) : reload()),
      failed: () => undefined, // the query tells what is the matter
    });
  }, [id, reload]);
  return (
    <Shown answer={answer} what="The judge" heading="Judge">
      {({ judge }) =>
        judge ? (
          <Judge judge={judge} reload={answer.reload} />
        ) : (
          <>
            <Heading title="No such judge" />
            <Note title={`There is no judge ${id}, at least not in your workspace.`}>
              <a href={to('judges')}>All judges</a>
            </Note>
          </>
        )
      }
    </Shown>
  );
}

function Judge({ judge, reload }: { judge: Overview; reload: () => void }): JSX.Element {
  const [training, setTraining] = useState(false);
  const trainer = useMay('TRAINER');
  const annotator = useMay('ANNOTATOR');
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
      {training && <Train judge={judge} waiting={judge.feedbackSummary.newSinceLastTraining} close={() => setTraining(false)} />}
      <Figures judge={judge} />
      <Feedback judge={judge} />
      <Versions judge={judge} changed={reload} />
      {judge.feedbackSummary.usableCount > 0 && <Learning judgeId={judge.id} />}
      <JobsOf judgeId={judge.id} />
    </>
  );
}

const SHORT = 400;

function Description({ text }: { text: string }): JSX.Element {
  if (text.length <= SHORT) return <p class="lead">{text}</p>;
  return (
    <details class="lead">
      <summary>{`${text.slice(0, SHORT / 2).trimEnd()} … (all of it)`}</summary>
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
        name="Scores now"
        value={version ? `Version ${version.number}` : 'Raw scores'}
        note={version ? `made ${day(version.createdAt)}` : 'no version is active'}
      />
      <Figure
        name="Error against people"
        value={after ? percent(after.meanAbsoluteError, 1) : NONE}
        note={after ? `of the range, n ${count(version.evidence?.heldOutCount ?? 0)} labels` : 'not measured yet'}
      />
      <Figure
        name="Exactly as people"
        value={after ? percent(after.exactAgreement) : NONE}
        note={after ? `within one step: ${percent(after.withinOneAgreement)}` : 'not measured yet'}
      />
      <Figure name="Usable feedback" value={count(summary.usableCount)} note={`of ${many(summary.totalFeedbackCount, 'item')}`} />
      <Figure name="Waiting" value={count(summary.newSinceLastTraining)} note="new since the last training" />
      <Figure
        name="Raters"
        value={count(summary.raterCount)}
        note={summary.raterAgreement === null ? 'no item scored by two' : `agreement α ${decimal(summary.raterAgreement)}`}
      />
    </dl>
  );
}

function Feedback({ judge }: { judge: Overview }): JSX.Element {
  const { feedbackSummary: summary } = judge;
  if (!summary.totalFeedbackCount)
    return (
      <Section title="What people say">
        <Note title="No feedback yet.">
          Review evaluations here, or send corrections with the mutation <code>submitFeedback</code>.
        </Note>
      </Section>
    );
  const kinds = [
    many(summary.correctionCount, 'correction'),
    many(summary.ratingCount, 'rating'),
    many(summary.approvalCount, 'approval'),
    many(summary.commentCount, 'comment'),
  ];
  const told = new Map(summary.criteria.map((row) => [row.criterion.id, row]));
  return (
    <Section
      title="What people say"
      note={`${kinds.join(', ')} about ${many(summary.evaluationCount, 'evaluation')}, ${span(summary.dateRange)}.`}
    >
      <Table
        caption="Corrections by criterion"
        head={[
          'Criterion',
          'Scale',
          { text: 'n corrections', number: true },
          { text: 'Mean shift, points', number: true },
          { text: 'Mean size of shift, points', number: true },
          { text: 'People agree, α', number: true },
        ]}
      >
        {judge.criteria.map((criterion) => {
          const row = told.get(criterion.id);
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
        Shift: people’s score minus the judge’s. Above 0, people find the judge too low. α: how far people agree with each other (Krippendorff’s,
        1 fully, 0 as chance would); – where no two scored the same.
      </p>
      <Days judgeId={judge.id} />
      <Raters raters={summary.raters} all={summary.raterCount} total={summary.totalFeedbackCount} />
    </Section>
  );
}
