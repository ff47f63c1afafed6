import type { JSX } from 'preact';
export function ReviewPage(_: { judgeId: string; first: string | undefined }): JSX.Element { return <p>soon</p>; }
