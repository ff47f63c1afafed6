/** Chart of the feedback per day, in the reader's time zone. */

import type { JSX } from 'preact';
import { FeedbackByDayDocument } from '../../generated/graphql';
import { LineChart } from '../charts/line';
import { TIME_ZONE } from '../parts/format';
import { useQuery } from '../parts/query';
import { QueryView } from '../parts/query-view';

const MS_PER_SECOND = 1000;

export function FeedbackByDay({ judgeId }: { judgeId: string }): JSX.Element {
  const answer = useQuery(FeedbackByDayDocument, { judgeId, timeZone: TIME_ZONE });
  return (
    <QueryView answer={answer} label="Feedback by day">
      {({ feedbackByDay: days }) =>
        days && days.length > 1 ? (
          <div class="charts">
            <LineChart
              title={`Feedback per day (${TIME_ZONE})`}
              xName="day"
              x={days.map((day) => Date.parse(day.date) / MS_PER_SECOND)}
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
    </QueryView>
  );
}
