/** How the Applications that one webhook concerns are spread over time. */
export interface RefreshSpread {
  /** Longest delay of one of them; 0: none waits. */
  readonly jitterMs: number;
  /** So many of one repository never wait. */
  readonly threshold: number;
}
