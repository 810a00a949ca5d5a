// Package alerts decides which problems of hosts are reported to people, when, and in which words.
//
// It has no clock, no engine and no network: it takes what the rules say at a moment, compares it with what a receiver knows, and makes
// a message of the difference. A [Store] keeps what a receiver knows, and a [Receiver] sends. The packages that use this one
// implement both.
package alerts
