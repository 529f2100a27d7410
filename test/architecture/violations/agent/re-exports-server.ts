export * from '../server/http.ts';
