/** Installers that hold a stand-in instead of Electron are for trying the installation; no PC may get one. */

/** Stands in every stand-in of this project, so that no step takes one for the real thing. */
export const standInMark = 'KITS-STAND-IN';

export interface StandInSearch {
  /** The next piece of the file. */
  look(piece: Buffer): void;
  /** What is wrong with the file, as a sentence; undefined while nothing is. */
  objection(): string | undefined;
}

/** Packed as "store" such installers show the mark in their bytes; their names say it as well. */
export function searchStandIn(fileName: string): StandInSearch {
  let found = /stand-?in/i.test(fileName);
  let tail: Buffer = Buffer.alloc(0);
  return {
    look: (piece) => {
      if (found) return;
      const both = Buffer.concat([tail, piece]);
      found = both.includes(standInMark);
      tail = both.subarray(-(standInMark.length - 1));
    },
    objection: () =>
      found
        ? `${fileName} holds a stand-in instead of Electron and must not reach a PC. Build it where Electron can be downloaded.`
        : undefined,
  };
}
