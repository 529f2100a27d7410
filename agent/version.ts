/** Version of the agent as built; the same in every package of one release. */
export const agentVersion = '0.1.0';
