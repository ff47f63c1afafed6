/** List of all judges: active version, agreement with people, new feedback. */

import type { JSX } from 'preact';
import { JudgesOverviewDocument, type JudgesOverviewQuery } from '../../generated/graphql';
import { count, plural, NONE, percent } from '../parts/format';
import { Heading, Table } from '../parts/elements';
import { Pages, usePages } from '../parts/pages';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, QueryView } from '../parts/query-view';

type Overview = JudgesOverviewQuery['judges']['nodes'][number];

export function JudgesPage(): JSX.Element {
  const pages = usePages('judges');
  const answer = useQuery(JudgesOverviewDocument, { first: 20, after: pages.after });
  return (
    <>
      <Heading title="Judges" />
      <QueryView answer={answer} label="The judges">
        {({ judges }) =>
          judges.nodes.length ? (
            <>
              <Table
                caption="Judges"
                head={[
                  'Judge',
                  { text: 'Criteria', wide: true },
                  'Active version',
                  { text: 'Error against people', number: true },
                  { text: 'Feedback', number: true },
                  { text: 'New feedback', number: true },
                ]}
              >
                {judges.nodes.map((judge) => (
                  <Row key={judge.id} judge={judge} />
                ))}
              </Table>
              <Pages pages={pages} info={judges.pageInfo} shown={judges.nodes.length} total={judges.totalCount} noun="judge" />
              <p class="hint">
                Error: mean absolute error of the active version on labels that were not used for training, in % of the scale’s
                range. New feedback: usable feedback that no version has learned from.
              </p>
            </>
          ) : (
            <Note title="No judges yet.">
              Load one with its evaluations and feedback: <code>judgesmith import --new judge.json --evaluations FILE --feedback FILE</code>
              , or create one with the mutation <code>createJudge</code> in <a href={new URL('../graphiql', document.baseURI).href}>GraphiQL</a>.
            </Note>
          )
        }
      </QueryView>
    </>
  );
}

function Row({ judge }: { judge: Overview }): JSX.Element {
  const version = judge.activeVersion;
  const proof = version?.evidence;
  return (
    <tr>
      <th scope="row">
        <a class="name-in-row" title={judge.name} href={to('judges', judge.id)}>
          {judge.name}
        </a>{' '}
        <span class="id">{judge.id}</span>
      </th>
      <td class="text wide">{judge.criteria.map((criterion) => criterion.name).join(', ')}</td>
      <td>{version ? <span class="state good">{`version ${version.number}`}</span> : <span class="state idle">raw scores</span>}</td>
      <td class="number">
        {proof?.after ? (
          <>
            {percent(proof.after.meanAbsoluteError, 1)} <span class="hint">{`n ${count(proof.heldOutCount)}`}</span>
          </>
        ) : (
          <span title="Not measured yet">{NONE}</span>
        )}
      </td>
      <td class="number">{count(judge.feedbackSummary.totalFeedbackCount)}</td>
      <td class="number">
        <span title={plural(judge.feedbackSummary.usableCount, 'usable item')}>{count(judge.feedbackSummary.newSinceLastTraining)}</span>
      </td>
    </tr>
  );
}
