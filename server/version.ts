/** Version of the server as built. */
export const serverVersion = '0.1.0';
