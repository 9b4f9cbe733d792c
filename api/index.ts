/** The version of the REST API that this package will serve, as in `/api/v1/applications`. */
export const API_VERSION = 'v1';
