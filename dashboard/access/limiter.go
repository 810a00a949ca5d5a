package access

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// attempts is how many wrong tokens in a row an address may send. After that it gets one more each pause.
	attempts = 5
	pause    = 10 * time.Second
	// maxAddresses bounds the memory. Further addresses share one limit.
	maxAddresses = 10_000
)

// limiter counts the wrong tokens of each address.
type limiter struct {
	mu     sync.Mutex // guards byNet
	byNet  map[netip.Prefix]*rate.Limiter
	others *rate.Limiter
}

func newLimiter() *limiter {
	return &limiter{byNet: map[netip.Prefix]*rate.Limiter{}, others: rate.NewLimiter(rate.Every(pause), attempts)}
}

// blocked reports whether the address of a request may send no token now.
func (l *limiter) blocked(r *http.Request, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ofLocked(r, now).TokensAt(now) < 1
}

// failed counts a wrong token.
func (l *limiter) failed(r *http.Request, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := network(r)
	one := l.ofLocked(r, now)
	if one == l.others && len(l.byNet) < maxAddresses {
		one = rate.NewLimiter(rate.Every(pause), attempts)
		l.byNet[key] = one
	}
	one.AllowN(now, 1)
}

// ofLocked returns the limit of the address of a request: that of all others if the address has sent no wrong token lately.
func (l *limiter) ofLocked(r *http.Request, now time.Time) *rate.Limiter {
	if one, ok := l.byNet[network(r)]; ok {
		return one
	}
	if len(l.byNet) >= maxAddresses {
		for key, one := range l.byNet {
			if one.TokensAt(now) >= attempts { // as good as new
				delete(l.byNet, key)
			}
		}
	}
	return l.others
}

// network is the address that a request came from. A machine has a whole /64 of IPv6 addresses.
func network(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
