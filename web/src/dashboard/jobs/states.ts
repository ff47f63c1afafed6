import type { TrainingJobStatus, TrainingType } from '../../generated/graphql';

export const PATH: readonly TrainingJobStatus[] = ['CREATED', 'QUEUED', 'PREPARING', 'TRAINING', 'VALIDATING', 'COMPLETED'];
export const OVER: readonly TrainingJobStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED'];
export const STATUSES: readonly TrainingJobStatus[] = [...PATH, 'FAILED', 'CANCELLED'];
export const TYPES: readonly TrainingType[] = ['INCREMENTAL', 'FULL_RETRAIN', 'FINE_TUNE', 'VALIDATION'];
