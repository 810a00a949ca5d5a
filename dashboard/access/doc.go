// Package access decides who may see the page: everyone who reaches it, those who know a token, or those whom a reverse proxy on
// this machine names.
//
// A [Gate] answers the login form itself and lets the other requests through, or refuses them. It keeps no sessions: a cookie
// carries the time at which it ends, signed with a key that is made of the token. To end all sessions, change the token.
package access
