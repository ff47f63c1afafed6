/** Initial tabs of the editor: a newcomer's path through the operations in frontend-queries/. */

interface Example {
  query: string;
  variables?: string;
}

const operations = import.meta.glob<string>('../../frontend-queries/*.graphql', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const shared = import.meta.glob<string>('../../frontend-queries/fragments/*.graphql', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Operations in order, with initial variables (GraphiQL ignores those of the first tab). */
const PATH: [name: string, variables?: object][] = [
  ['Judges'],
  ['FeedbackSummary', { judgeId: 'jdg_xyz789' }],
  [
    'CreateTrainingJob',
    {
      input: {
        judgeId: 'jdg_xyz789',
        trainingType: 'FULL_RETRAIN',
        trainingConfig: { minimumFeedbackCount: 20 },
        executionOptions: { autoDeploy: true },
      },
    },
  ],
  ['TrainingJobStatus', { jobId: 'job_' }],
];

const found = PATH.flatMap(([name, variables]): Example[] => {
  const query = operations[`../../frontend-queries/${name}.graphql`];
  if (!query) return [];
  return [{ query, ...(variables && { variables: JSON.stringify(variables, null, 2) }) }];
});

export const tabs: Example[] = found.length
  ? found
  : [{ query: 'query Judges {\n  judges {\n    nodes {\n      id\n      name\n    }\n  }\n}\n' }];

/** Fragments of the operations. GraphiQL adds those that a query uses. */
export const fragments = Object.values(shared).join('\n');
