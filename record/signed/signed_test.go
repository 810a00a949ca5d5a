package signed

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func TestRoute(t *testing.T) {
	route := Route(func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: "http", Host: "proxy"}, nil })
	for to, proxied := range map[string]bool{
		"http://169.254.169.254/latest/api/token": false, "http://169.254.170.2/v2": false, "http://[fd00:ec2::254]/": false,
		"https://[fd00:ec2::23]/": false, "https://169.254.170.23/": false, "https://[fe80::1%25eth0]/": false, "http://127.0.0.1:1/": false,
		"http://athena.eu-west-1.amazonaws.com/": false, "https://athena.eu-west-1.amazonaws.com/": true, "https://[fd00:ec3::1]/": true,
	} {
		req := httptest.NewRequest(http.MethodGet, to, nil)
		if u, err := route(req); err != nil || (u != nil) != proxied {
			t.Errorf("%s: proxy is %v, %v", to, u, err)
		}
		req.Response = new(http.Response)
		if _, err := route(req); err == nil {
			t.Errorf("%s: a redirect to it is followed", to)
		}
	}
}
