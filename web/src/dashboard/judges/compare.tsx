/** Comparison of two versions: the verdicts that would flip, and the evaluations that change most. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CompareVersionsDocument, type CompareVersionsQuery } from '../../generated/graphql';
import { count, decimal, plural, percent, signed } from '../parts/format';
import { Section, Table } from '../parts/elements';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, QueryView } from '../parts/query-view';

type Comparison = NonNullable<CompareVersionsQuery['compareVersions']>;
type Version = { id: string; number: number };

const RAW = 'raw';
const EXCERPT = 140;

export function Compare({ judgeId, versions }: { judgeId: string; versions: readonly Version[] }): JSX.Element {
  const [requested, setRequested] = useState(false);
  const [ends, setEnds] = useState<{ from?: string; to?: string }>({});
  const id = (end: string | undefined) => (end === undefined ? {} : { value: end === RAW ? null : end });
  const [from, target] = [id(ends.from), id(ends.to)];
  const answer = useQuery(
    CompareVersionsDocument,
    requested ? { judgeId, first: 10, ...('value' in from && { from: from.value }), ...('value' in target && { to: target.value }) } : null,
  );
  const shown = answer.data?.compareVersions;
  const choice = (end: 'from' | 'to', label: string) => (
    <label>
      <span>{label}</span>
      <select
        value={ends[end] ?? (shown ? (shown[end]?.id ?? RAW) : '')}
        onChange={(event) =>
          setEnds({ from: shown?.from?.id ?? RAW, to: shown?.to?.id ?? RAW, ...ends, [end]: event.currentTarget.value })
        }
      >
        <option value={RAW}>raw scores</option>
        {versions.map((version) => (
          <option key={version.id} value={version.id}>{`version ${version.number}`}</option>
        ))}
      </select>
    </label>
  );
  return (
    <Section
      title="Changes between versions"
      aside={
        !requested && (
          <button type="button" class="quiet small" onClick={() => setRequested(true)}>
            Compare versions
          </button>
        )
      }
    >
      {requested ? (
        <>
          <div class="row filters">
            {choice('from', 'From')}
            {choice('to', 'To')}
          </div>
          <QueryView answer={answer} label="The comparison">
            {({ compareVersions: comparison }) => (comparison ? <Differences of={comparison} judgeId={judgeId} /> : null)}
          </QueryView>
        </>
      ) : (
        <p class="hint">Both versions score the existing evaluations to show which verdicts would flip.</p>
      )}
    </Section>
  );
}

function Differences({ of, judgeId }: { of: Comparison; judgeId: string }): JSX.Element {
  if (!of.comparedCount) return <Note title="There are no evaluations to compare." />;
  return (
    <>
      <p>{`${plural(of.flippedCount, 'verdict')} of ${count(of.comparedCount)} would flip, on ${count(of.flippedEvaluationCount)} of ${plural(of.evaluationCount, 'evaluation')}.`}</p>
      <Table
        caption="Flipped verdicts by criterion"
        head={[
          'Criterion',
          { text: 'n verdicts', number: true },
          { text: 'Flipped', number: true },
          { text: 'Raised', number: true },
          { text: 'Lowered', number: true },
          { text: 'Mean change, points', number: true },
        ]}
      >
        {of.criteria.map((row) => (
          <tr key={row.criterion.id}>
            <th scope="row">{row.criterion.name}</th>
            <td class="number">{count(row.comparedCount)}</td>
            <td class="number">{`${count(row.flippedCount)} (${percent(row.flippedShare)})`}</td>
            <td class="number">{count(row.raisedCount)}</td>
            <td class="number">{count(row.loweredCount)}</td>
            <td class="number">{signed(row.meanChange)}</td>
          </tr>
        ))}
      </Table>
      {of.items.length > 0 && (
        <Table caption="Evaluations with the largest changes" head={['Evaluation', 'Flipped verdicts']}>
          {of.items.map((item) => (
            <tr key={item.evaluation.id}>
              <th scope="row">
                <a href={to('judges', judgeId, 'review', item.evaluation.id)}>{item.evaluation.externalId ?? item.evaluation.id}</a>
                <span class="hint block">{excerpt(item.evaluation.output)}</span>
              </th>
              <td>{flips(item).join(', ')}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

function flips(item: Comparison['items'][number]): string[] {
  const after = new Map(item.toScores.map((score) => [score.criterion.id, score.verdict ?? score.score]));
  return item.fromScores.flatMap((score) => {
    const [old, now] = [score.verdict ?? score.score, after.get(score.criterion.id)];
    return now === undefined || now === old ? [] : [`${score.criterion.name} ${decimal(old, 1)} → ${decimal(now, 1)}`];
  });
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)} …` : line;
}
