import type { TrainingJobStatus, TrainingType } from '../../generated/graphql';

export const PATH: readonly TrainingJobStatus[] = ['CREATED', 'QUEUED', 'PREPARING', 'TRAINING', 'VALIDATING', 'COMPLETED'];
export const ENDED: readonly TrainingJobStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED'];
/** Statuses before or during training. Empty charts are shown in them, so that the layout does not move later. */
export const EPOCHS_EXPECTED: readonly TrainingJobStatus[] = ['QUEUED', 'PREPARING', 'TRAINING'];
export const STATUSES: readonly TrainingJobStatus[] = [...PATH, 'FAILED', 'CANCELLED'];
export const TYPES: readonly TrainingType[] = ['INCREMENTAL', 'FULL_RETRAIN', 'FINE_TUNE', 'VALIDATION'];
