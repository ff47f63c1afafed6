/** Frame around every view: the key form, the navigation, the state of the connection. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ViewerDocument, type ViewerQuery } from '../generated/graphql';
import { storeKey } from '../session';
import { requestKey, connection, keyProblem } from './api';
import { JobPage } from './jobs/job';
import { JobsPage } from './jobs/jobs';
import { JudgePage } from './judges/judge';
import { JudgesPage } from './judges/judges';
import { StatusMessage } from './parts/actions';
import { words } from './parts/format';
import { Heading } from './parts/elements';
import { useQuery } from './parts/query';
import { to, useRoute, type Route } from './parts/router';
import { Note, QueryView } from './parts/query-view';
import { useStore } from './parts/store';
import { ViewerContext } from './parts/viewer';
import { ReviewPage } from './review/review';

export function App(): JSX.Element {
  const problem = useStore(keyProblem);
  return problem === null ? <SignedIn /> : <KeyForm reason={problem} />;
}

function KeyForm({ reason }: { reason: string }): JSX.Element {
  const [key, setKey] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Key · Judgesmith';
    input.current?.focus();
  }, []);
  return (
    <main class="key-form">
      <Logo />
      <h1>Judgesmith</h1>
      <p>Turns people’s feedback on automated judges into better judges, and proves it.</p>
      <form
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          storeKey(key);
          location.reload(); // all requests and the socket use the new key
        }}
      >
        <label class="field">
          <span>API key</span>
          <input
            ref={input}
            type="password"
            required
            autocomplete="off"
            spellcheck={false}
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        {reason && (
          <p class="problems" role="alert">
            {reason}
          </p>
        )}
        <button class="primary">Open</button>
      </form>
      <p class="hint">
        The server wrote its first key to <code>admin.key</code> in its data folder. Create others with{' '}
        <code>judgesmith keys create</code>. The key is stored in this tab and sent only to this server.
      </p>
    </main>
  );
}

function SignedIn(): JSX.Element {
  const viewer = useQuery(ViewerDocument, {});
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    scrollTo(0, 0);
  }, [route]);
  return (
    <>
      <a
        class="skip"
        href={`${location.pathname}${location.search}#main`}
        onClick={(event) => {
          event.preventDefault(); // the fragment names the view
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <TopBar viewer={viewer.data?.viewer} route={route} />
      <main id="main" ref={main} tabIndex={-1}>
        <QueryView answer={viewer} label="Your permissions" heading="Judgesmith">
          {({ viewer: known }) => (
            <ViewerContext.Provider value={known}>
              <View route={route} />
            </ViewerContext.Provider>
          )}
        </QueryView>
      </main>
      <StatusMessage />
    </>
  );
}

function TopBar(properties: { viewer: ViewerQuery['viewer'] | undefined; route: Route }): JSX.Element {
  const state = useStore(connection);
  const { viewer, route } = properties;
  const inJudges = route.view === 'judges' || route.view === 'judge' || route.view === 'review';
  const inJobs = route.view === 'jobs' || route.view === 'job';
  return (
    <header class="top">
      <a class="home" href={to('judges')}>
        <Logo /> Judgesmith
      </a>
      <nav aria-label="Pages">
        <a href={to('judges')} aria-current={inJudges ? 'page' : undefined}>
          Judges
        </a>
        <a href={to('jobs')} aria-current={inJobs ? 'page' : undefined}>
          Jobs
        </a>
        <a href={new URL('../graphiql', document.baseURI).href}>GraphiQL</a>
      </nav>
      <div class="who">
        <span class={`connection ${state}`} role="status">
          {state === 'online' ? 'Connected' : 'Offline: reconnecting'}
        </span>
        {viewer && <span class="hint" title={`Workspace ${viewer.workspace.name}, key ${viewer.name}, role ${viewer.role}`}>{`${viewer.workspace.name} · ${viewer.name} (${words(viewer.role)})`}</span>}
        <button type="button" class="quiet small" onClick={() => requestKey('')}>
          Change key
        </button>
      </div>
    </header>
  );
}

function View({ route }: { route: Route }): JSX.Element {
  switch (route.view) {
    case 'judges':
      return <JudgesPage />;
    case 'judge':
      return <JudgePage key={route.id} id={route.id} />;
    case 'review':
      return <ReviewPage key={`${route.id} ${route.evaluation ?? ""}`} judgeId={route.id} first={route.evaluation} />;
    case 'jobs':
      return <JobsPage />;
    case 'job':
      return <JobPage key={route.id} id={route.id} />;
    case 'unknown':
      return (
        <>
          <Heading title="Page not found" />
          <Note title="No view has this address.">
            <a href={to('judges')}>All judges</a>
          </Note>
        </>
      );
  }
}

/** Logo: two connected dots, before and after. */
function Logo(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
      <path d="M3 8h10" />
      <circle class="before" cx="3.5" cy="8" r="2.4" />
      <circle class="after" cx="12" cy="8" r="3" />
    </svg>
  );
}
