/** Table of a judge's versions with their proofs, and buttons to deploy and roll back. */

import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { JudgeVersionsDocument, type JudgeVersionFieldsFragment } from '../../generated/graphql';
import { interval } from '../charts/proof';
import { count, day, NONE, percent, words } from '../parts/format';
import { Section, State, Table } from '../parts/elements';
import { Pages, usePages } from '../parts/pages';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, QueryView } from '../parts/query-view';
import { Compare } from './compare';
import { Deploy, Rollback } from './deploy';

interface Properties {
  judge: { id: string; activeVersion: { id: string } | null };
  onChange: () => void;
}

export function Versions({ judge, onChange }: Properties): JSX.Element {
  const pages = usePages(judge.id);
  const answer = useQuery(JudgeVersionsDocument, { judgeId: judge.id, first: 20, after: pages.after });
  const { reload } = answer;
  const activeId = judge.activeVersion?.id;
  useEffect(reload, [activeId, reload]);
  const done = () => {
    reload();
    onChange();
  };
  return (
    <Section title="Versions">
      <QueryView answer={answer} label="The versions">
        {({ judge: found }) =>
          found?.versions.nodes.length ? (
            <>
              <Table
                caption="Versions, newest first"
                head={[
                  'Version',
                  'Status',
                  'Created by',
                  { text: 'Error before → after, % of range', number: true },
                  { text: 'Change, % of range [95% interval]', number: true },
                  { text: 'n labels', number: true },
                  'Action',
                ]}
              >
                {found.versions.nodes.map((version) => (
                  <tr key={version.id}>
                    <th scope="row">
                      {`Version ${version.number}`} <span class="id">{version.id}</span>
                    </th>
                    <td>
                      <State of={version.status} />
                    </td>
                    <td>
                      <Origin version={version} />
                    </td>
                    <td class="number">{describeErrors(version)}</td>
                    <td class="number">
                      {interval(version.evidence?.maeChange ?? null, 100, 1)}
                      {version.evidence?.improved && <span class="state good block">better</span>}
                    </td>
                    <td class="number">{version.evidence ? count(version.evidence.heldOutCount) : NONE}</td>
                    <td>
                      {version.status === 'ACTIVE' ? (
                        <Rollback judgeId={judge.id} active={version} onDone={done} />
                      ) : (
                        <Deploy
                          version={version}
                          improved={version.evidence?.improved ?? false}
                          activeId={found.activeVersion?.id ?? null}
                          onDone={done}
                        />
                      )}
                    </td>
                  </tr>
                ))}
              </Table>
              <Pages
                pages={pages}
                info={found.versions.pageInfo}
                shown={found.versions.nodes.length}
                total={found.versions.totalCount}
                noun="version"
              />
              <Compare judgeId={judge.id} versions={found.versions.nodes} />
            </>
          ) : (
            <Note title="No versions yet.">Training creates the first version. Until then, raw scores are in use.</Note>
          )
        }
      </QueryView>
    </Section>
  );
}

function Origin({ version }: { version: JudgeVersionFieldsFragment }): JSX.Element {
  const job = version.trainingJob;
  if (!job) return <span>imported</span>;
  return (
    <>
      <a href={to('jobs', job.id)}>{words(job.trainingType)}</a> <span class="hint block">{day(version.createdAt)}</span>
    </>
  );
}

function describeErrors({ evidence }: JudgeVersionFieldsFragment): string {
  if (!evidence) return NONE;
  return `${percent(evidence.before.meanAbsoluteError, 1)} → ${percent(evidence.after?.meanAbsoluteError, 1)}`;
}
