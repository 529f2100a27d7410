const name = 'electron';
export const electron = await import(name);
