import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './graphiql.css';
import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { GraphQLError } from 'graphql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { authorizedFetch, subscriptions } from './client';
import { endpoint } from './endpoint';
import { fragments, tabs } from './examples';
import { key, showKey } from './key';

const fetcher: Fetcher = key
  ? createGraphiQLFetcher({ url: endpoint, fetch: authorizedFetch, wsClient: subscriptions })
  : () => ({ errors: [new GraphQLError('No API key. Enter one at the top of the page.')] });

// A deep link uses ?q=, because some servers treat ?query= as a GraphQL request.
const link = new URLSearchParams(location.search);
const query = link.get('q');
const variables = link.get('variables') ?? '';

showKey();
createRoot(document.getElementById('graphiql')!).render(
  createElement(GraphiQL, {
    fetcher,
    defaultTabs: query ? [{ query, variables }, ...tabs] : tabs,
    ...(query && { initialQuery: query, initialVariables: variables }),
    ...(fragments && { externalFragments: fragments }),
    shouldPersistHeaders: false, // they may contain a key
    inputValueDeprecation: true,
    schemaDescription: true,
  }),
);
