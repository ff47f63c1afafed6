/** How much feedback came in, day by day, by the midnights of the reader. */

import type { JSX } from 'preact';
import { FeedbackByDayDocument } from '../../generated/graphql';
import { LineChart } from '../charts/line';
import { useQuery } from '../parts/query';
import { Shown } from '../parts/shown';

const SECONDS = 1000;

export function Days({ judgeId }: { judgeId: string }): JSX.Element {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const answer = useQuery(FeedbackByDayDocument, { judgeId, timeZone });
  return (
    <Shown answer={answer} what="Feedback by day">
      {({ feedbackByDay: days }) =>
        days && days.length > 1 ? (
          <div class="charts">
            <LineChart
              title={`Feedback a day (${timeZone})`}
              across="day"
              x={days.map((day) => Date.parse(day.date) / SECONDS)}
              days
              digits={0}
              lines={[
                { name: 'all items', tone: 'before', values: days.map((day) => day.totalCount) },
                { name: 'usable', tone: 'after', values: days.map((day) => day.usableCount) },
              ]}
            />
          </div>
        ) : null
      }
    </Shown>
  );
}
