// Package notify sends messages about problems of hosts to webhooks and terminals, while the program runs. Package alerts decides what
// to send.
package notify
