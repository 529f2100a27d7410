/** Who is signed in, for the parts of a page that depend on it. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Session } from '../api/contract.ts';

export interface SignedIn {
  readonly session: Session;
  /** A viewer sees everything and changes nothing; the server holds this too. */
  readonly mayChange: boolean;
}

export const SignedInContext = createContext<SignedIn | undefined>(undefined);

/** Only below the signed-in part of the page. */
export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === undefined) throw new Error('used outside of the signed-in part');
  return signedIn;
}
