package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// JSON makes one call of JSON-RPC, of version 2 or 1, and returns the whole reply.
func (c *Caller) JSON(ctx context.Context, two bool, id any, method string, params ...any) (map[string]any, error) {
	request := map[string]any{"method": method, "params": params, "id": id}
	if two {
		request["jsonrpc"] = "2.0"
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	status, text, err := c.post(ctx, "/jsonrpc", "application/json", body)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s over JSON: HTTP %d", method, status)
	}
	var reply map[string]any
	if err := json.Unmarshal(text, &reply); err != nil {
		return nil, fmt.Errorf("the reply to %s is no JSON object: %w", method, err)
	}
	return reply, nil
}

// post sends a body to a path of the server.
func (c *Caller) post(ctx context.Context, path, contentType string, body []byte) (status int, text []byte, err error) {
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	rq.Header.Set("Content-Type", contentType)
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(rq)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}
