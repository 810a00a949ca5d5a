// Package notify tells webhooks and terminals about the problems of hosts, again and again while the program runs. Package
// alerts decides what to send.
package notify
