// Package notify tells webhooks and terminals about the problems of hosts, again and again while the program runs. What there is to tell
// is the business of package alerts.
package notify
