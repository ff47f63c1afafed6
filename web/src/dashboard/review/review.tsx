import type { JSX } from 'preact';
export function ReviewPage({ judgeId }: { judgeId: string; first: string | undefined }): JSX.Element { return <p>{judgeId}</p>; }
