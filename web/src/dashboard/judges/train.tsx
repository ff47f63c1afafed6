/** Training now: what to do, on what, and what the server thinks of it before anything is started. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  CreateTrainingJobDocument,
  type CreateTrainingJobInput,
  type JudgeFieldsFragment,
  type TrainingPriority,
  type TrainingType,
} from '../../generated/graphql';
import { ask } from '../api';
import { TYPES } from '../jobs/states';
import { Problems, say } from '../parts/actions';
import { title } from '../parts/format';
import { Section } from '../parts/look';
import { go } from '../parts/router';
import { randomKey } from '../parts/random';
import { Preflight } from './preflight';

const MEANING: Record<TrainingType, string> = {
  INCREMENTAL: 'go on from the active version with the feedback that came since',
  FULL_RETRAIN: 'learn from scratch from all feedback',
  FINE_TUNE: 'change how some criteria are scored, leave the others exactly as they are',
  VALIDATION: 'measure the active version, change nothing',
};

interface Wishes {
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

type TextWish = { [Name in keyof Wishes]: Wishes[Name] extends string ? (string extends Wishes[Name] ? Name : never) : never }[keyof Wishes];

interface Properties {
  judge: JudgeFieldsFragment;
  /** How many usable items of feedback came since the last training. */
  waiting: number;
  close: () => void;
}

export function Train({ judge, waiting, close }: Properties): JSX.Element {
  const [wishes, setWishes] = useState<Wishes>({
    type: judge.activeVersion && waiting > 0 ? 'INCREMENTAL' : 'FULL_RETRAIN',
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
  const input = inputOf(judge.id, wishes);
  const written = JSON.stringify(input);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  useEffect(() => {
    key.current = randomKey(); // the same wish twice is one job, another wish another job
    setErrors([]);
  }, [written]);

  function set<Name extends keyof Wishes>(name: Name, value: Wishes[Name]): void {
    setWishes((old) => ({ ...old, [name]: value }));
  }

  async function submit(): Promise<void> {
    setBusy(true);
    try {
      const { createTrainingJob: answer } = await ask(CreateTrainingJobDocument, { input: { ...input, idempotencyKey: key.current } });
      setErrors(answer.userErrors);
      if (answer.trainingJob) {
        say('The training job is created.');
        go('jobs', answer.trainingJob.id);
      }
    } catch (problem) {
      setErrors([{ message: problem instanceof Error ? problem.message : String(problem) }]);
    }
    setBusy(false);
  }

  const text = (name: TextWish, label: string, more: JSX.IntrinsicElements['input']) => (
    <label class="field">
      <span>{label}</span>
      <input {...more} value={wishes[name]} onInput={(event) => set(name, event.currentTarget.value)} />
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
          <legend>What to do</legend>
          {TYPES.map((type) => (
            <label key={type} class="check">
              <input type="radio" name="type" checked={wishes.type === type} onChange={() => set('type', type)} />
              <span>
                {title(type)}: <span class="hint">{MEANING[type]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {(wishes.type === 'FINE_TUNE' || wishes.type === 'VALIDATION') && (
          <fieldset class="row">
            <legend>{wishes.type === 'FINE_TUNE' ? 'Criteria to change' : 'Criteria to measure (none: all)'}</legend>
            {judge.criteria.map((criterion) => (
              <label key={criterion.id} class="check">
                <input
                  type="checkbox"
                  checked={wishes.targets.includes(criterion.id)}
                  onChange={(event) =>
                    set('targets', event.currentTarget.checked ? [...wishes.targets, criterion.id] : wishes.targets.filter((id) => id !== criterion.id))
                  }
                />
                <span>{criterion.name}</span>
              </label>
            ))}
          </fieldset>
        )}
        <div class="fields">
          {text('minimum', 'Usable items required', { type: 'number', min: '1', step: '1' })}
          {text('since', 'Only feedback given since', { type: 'datetime-local' })}
        </div>
        {wishes.type !== 'VALIDATION' && (
          <div class="row">
            <label class="check">
              <input type="checkbox" checked={wishes.deploy} onChange={(event) => set('deploy', event.currentTarget.checked)} />
              <span>Deploy it by itself if it is proven better</span>
            </label>
            <label class="check">
              <input type="checkbox" checked={wishes.backup} onChange={(event) => set('backup', event.currentTarget.checked)} />
              <span>Keep what it replaces for a rollback</span>
            </label>
          </div>
        )}
        <details>
          <summary>More settings; left empty, the server chooses from the data and says what it chose</summary>
          <div class="fields">
            {text('split', 'Share held out for the proof', { type: 'number', min: '0.01', max: '0.5', step: '0.01', placeholder: 'out of fold' })}
            {text('rate', 'Learning rate', { type: 'number', min: '0.0001', max: '1', step: 'any', placeholder: 'chosen' })}
            {text('epochs', 'Epochs at most', { type: 'number', min: '1', max: '10000', step: '1', placeholder: 'chosen' })}
            <label class="field">
              <span>Early stopping</span>
              <select value={wishes.stopping} onChange={(event) => set('stopping', event.currentTarget.value as Wishes['stopping'])}>
                <option value="">chosen</option>
                <option value="yes">yes</option>
                <option value="no">no</option>
              </select>
            </label>
            {text('seed', 'Seed', { type: 'number', min: '0', step: '1', placeholder: '0' })}
            <label class="field">
              <span>Priority</span>
              <select value={wishes.priority} onChange={(event) => set('priority', event.currentTarget.value as TrainingPriority)}>
                <option value="HIGH">high</option>
                <option value="NORMAL">normal</option>
                <option value="LOW">low</option>
              </select>
            </label>
            {text('email', 'E-mail when it is over', { type: 'email' })}
            {text('webhook', 'Webhook when it is over', { type: 'url' })}
          </div>
        </details>
        <Preflight input={input} />
        <Problems errors={errors} />
        <div class="row end">
          <button type="button" class="quiet" onClick={close}>
            Not now
          </button>
          <button class="primary" disabled={busy}>
            Create training job
          </button>
        </div>
      </form>
    </Section>
  );
}

function inputOf(judgeId: string, wishes: Wishes): CreateTrainingJobInput {
  const number = (text: string) => (text === '' ? undefined : Number(text));
  const given = <Values extends object>(values: Values) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
      [Name in keyof Values]?: Exclude<Values[Name], undefined>;
    };
  const limited = wishes.type === 'FINE_TUNE' || wishes.type === 'VALIDATION';
  return {
    judgeId,
    trainingType: wishes.type,
    trainingConfig: given({
      feedbackCutoffDate: wishes.since ? new Date(wishes.since).toISOString() : undefined,
      minimumFeedbackCount: number(wishes.minimum),
      validationSplit: number(wishes.split),
      learningRate: number(wishes.rate),
      maxEpochs: number(wishes.epochs),
      earlyStopping: wishes.stopping === '' ? undefined : wishes.stopping === 'yes',
      targetCriteria: limited && wishes.targets.length ? wishes.targets : undefined,
      seed: number(wishes.seed),
    }),
    executionOptions: given({
      priority: wishes.priority,
      autoDeploy: wishes.type === 'VALIDATION' ? undefined : wishes.deploy,
      backupCurrentVersion: wishes.type === 'VALIDATION' ? undefined : wishes.backup,
      notificationEmail: wishes.email || undefined,
      webhookUrl: wishes.webhook || undefined,
    }),
  };
}
