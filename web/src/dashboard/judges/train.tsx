/** Form to create a training job, with a preflight. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  CreateTrainingJobDocument,
  type CreateTrainingJobInput,
  type JudgeFieldsFragment,
  type TrainingPriority,
  type TrainingType,
} from '../../generated/graphql';
import { execute } from '../api';
import { TYPES } from '../jobs/states';
import { messageOf, Problems, showMessage } from '../parts/actions';
import { TIME_ZONE, title } from '../parts/format';
import { Section } from '../parts/elements';
import { navigateTo } from '../parts/router';
import { randomKey } from '../parts/random';
import { Preflight } from './preflight';

const TYPE_HINTS: Record<TrainingType, string> = {
  INCREMENTAL: 'continue from the active version with the feedback received since',
  FULL_RETRAIN: 'train from scratch on all feedback',
  FINE_TUNE: 'train some criteria and keep the others unchanged',
  VALIDATION: 'measure the active version without changing it',
};

interface FormValues {
  type: TrainingType;
  minimum: string;
  since: string;
  targets: string[];
  split: string;
  rate: string;
  epochs: string;
  stopping: '' | 'yes' | 'no';
  seed: string;
  priority: TrainingPriority;
  deploy: boolean;
  backup: boolean;
  email: string;
  webhook: string;
}

type TextField = { [Name in keyof FormValues]: FormValues[Name] extends string ? (string extends FormValues[Name] ? Name : never) : never }[keyof FormValues];

interface Properties {
  judge: JudgeFieldsFragment;
  /** Number of usable items of feedback since the last training. */
  newFeedbackCount: number;
  close: () => void;
}

export function Train({ judge, newFeedbackCount, close }: Properties): JSX.Element {
  const [values, setValues] = useState<FormValues>({
    type: judge.activeVersion && newFeedbackCount > 0 ? 'INCREMENTAL' : 'FULL_RETRAIN',
    minimum: '20',
    since: '',
    targets: [],
    split: '',
    rate: '',
    epochs: '',
    stopping: '',
    seed: '',
    priority: 'NORMAL',
    deploy: false,
    backup: true,
    email: '',
    webhook: '',
  });
  const [errors, setErrors] = useState<readonly { message: string }[]>([]);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const key = useRef(randomKey());
  const input = toInput(judge.id, values);
  const serialized = JSON.stringify(input);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  useEffect(() => {
    key.current = randomKey(); // the same input twice is one job, other input is another job
    setErrors([]);
  }, [serialized]);

  function set<Name extends keyof FormValues>(name: Name, value: FormValues[Name]): void {
    setValues((old) => ({ ...old, [name]: value }));
  }

  async function submit(): Promise<void> {
    setBusy(true);
    try {
      const { createTrainingJob: answer } = await execute(CreateTrainingJobDocument, { input: { ...input, idempotencyKey: key.current } });
      setErrors(answer.userErrors);
      if (answer.trainingJob) {
        showMessage('Training job created.');
        navigateTo('jobs', answer.trainingJob.id);
      }
    } catch (problem) {
      setErrors([{ message: messageOf(problem) }]);
    }
    setBusy(false);
  }

  const text = (name: TextField, label: string, more: JSX.IntrinsicElements['input']) => (
    <label class="field">
      <span>{label}</span>
      <input {...more} value={values[name]} onInput={(event) => set(name, event.currentTarget.value)} />
    </label>
  );

  return (
    <Section title="Train now">
      <form
        ref={form}
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <fieldset class="choices">
          <legend>Training type</legend>
          {TYPES.map((type) => (
            <label key={type} class="check">
              <input type="radio" name="type" checked={values.type === type} onChange={() => set('type', type)} />
              <span>
                {title(type)}: <span class="hint">{TYPE_HINTS[type]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {(values.type === 'FINE_TUNE' || values.type === 'VALIDATION') && (
          <fieldset class="row">
            <legend>{values.type === 'FINE_TUNE' ? 'Criteria to change' : 'Criteria to measure (default: all)'}</legend>
            {judge.criteria.map((criterion) => (
              <label key={criterion.id} class="check">
                <input
                  type="checkbox"
                  checked={values.targets.includes(criterion.id)}
                  onChange={(event) =>
                    set('targets', event.currentTarget.checked ? [...values.targets, criterion.id] : values.targets.filter((id) => id !== criterion.id))
                  }
                />
                <span>{criterion.name}</span>
              </label>
            ))}
          </fieldset>
        )}
        <div class="fields">
          {text('minimum', 'Usable items required', { type: 'number', min: '1', step: '1' })}
          {text('since', `Only feedback given since (${TIME_ZONE})`, { type: 'datetime-local' })}
        </div>
        {values.type !== 'VALIDATION' && (
          <div class="row">
            <label class="check">
              <input type="checkbox" checked={values.deploy} onChange={(event) => set('deploy', event.currentTarget.checked)} />
              <span>Deploy automatically if proven better</span>
            </label>
            <label class="check">
              <input type="checkbox" checked={values.backup} onChange={(event) => set('backup', event.currentTarget.checked)} />
              <span>Keep the replaced version as a backup</span>
            </label>
          </div>
        )}
        <details>
          <summary>More settings (default: chosen by the server from the data)</summary>
          <div class="fields">
            {text('split', 'Share held out for the proof', { type: 'number', min: '0.01', max: '0.5', step: '0.01', placeholder: 'out of fold' })}
            {text('rate', 'Learning rate', { type: 'number', min: '0.0001', max: '1', step: 'any', placeholder: 'automatic' })}
            {text('epochs', 'Maximum epochs', { type: 'number', min: '1', max: '10000', step: '1', placeholder: 'automatic' })}
            <label class="field">
              <span>Early stopping</span>
              <select value={values.stopping} onChange={(event) => set('stopping', event.currentTarget.value as FormValues['stopping'])}>
                <option value="">automatic</option>
                <option value="yes">yes</option>
                <option value="no">no</option>
              </select>
            </label>
            {text('seed', 'Seed', { type: 'number', min: '0', step: '1', placeholder: '0' })}
            <label class="field">
              <span>Priority</span>
              <select value={values.priority} onChange={(event) => set('priority', event.currentTarget.value as TrainingPriority)}>
                <option value="HIGH">high</option>
                <option value="NORMAL">normal</option>
                <option value="LOW">low</option>
              </select>
            </label>
            {text('email', 'E-mail when the job ends', { type: 'email' })}
            {text('webhook', 'Webhook when the job ends', { type: 'url' })}
          </div>
        </details>
        <Preflight input={input} />
        <Problems errors={errors} />
        <div class="row end">
          <button type="button" class="quiet" onClick={close}>
            Cancel
          </button>
          <button class="primary" disabled={busy}>
            Create training job
          </button>
        </div>
      </form>
    </Section>
  );
}

function toInput(judgeId: string, values: FormValues): CreateTrainingJobInput {
  const number = (text: string) => (text === '' ? undefined : Number(text));
  const withoutUndefined = <Fields extends object>(fields: Fields) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
      [Name in keyof Fields]?: Exclude<Fields[Name], undefined>;
    };
  const limited = values.type === 'FINE_TUNE' || values.type === 'VALIDATION';
  return {
    judgeId,
    trainingType: values.type,
    trainingConfig: withoutUndefined({
      feedbackCutoffDate: values.since ? new Date(values.since).toISOString() : undefined,
      minimumFeedbackCount: number(values.minimum),
      validationSplit: number(values.split),
      learningRate: number(values.rate),
      maxEpochs: number(values.epochs),
      earlyStopping: values.stopping === '' ? undefined : values.stopping === 'yes',
      targetCriteria: limited && values.targets.length ? values.targets : undefined,
      seed: number(values.seed),
    }),
    executionOptions: withoutUndefined({
      priority: values.priority,
      autoDeploy: values.type === 'VALIDATION' ? undefined : values.deploy,
      backupCurrentVersion: values.type === 'VALIDATION' ? undefined : values.backup,
      notificationEmail: values.email || undefined,
      webhookUrl: values.webhook || undefined,
    }),
  };
}
