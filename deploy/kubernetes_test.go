package deploy_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/web"
)

// cluster reads every object of kubernetes/, by kind.
func cluster(t *testing.T) map[string]map[string]any {
	t.Helper()
	paths, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("kubernetes/*.yaml: %v, %v", paths, err)
	}
	objects := map[string]map[string]any{}
	for _, path := range paths {
		for _, doc := range documents(t, path) {
			kind, _ := at(t, doc, "kind").(string)
			version, _ := at(t, doc, "apiVersion").(string)
			name, _ := at(t, doc, "metadata", "name").(string)
			if kind == "" || version == "" || name == "" {
				t.Errorf("%s: a document without kind, apiVersion or name", path)
			}
			if objects[kind] != nil {
				t.Errorf("%s: a second %s", path, kind)
			}
			objects[kind] = doc
		}
	}
	return objects
}

func TestKustomizationNamesEveryFile(t *testing.T) {
	paths, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := append([]string{"kustomization.yaml"}, words(at(t, cluster(t)["Kustomization"], "resources"))...)
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	slices.Sort(want)
	if !slices.Equal(paths, want) {
		t.Errorf("files %q, kustomization and its resources %q", paths, want)
	}
}

func TestEveryObjectIsInTheNamespace(t *testing.T) {
	objects := cluster(t)
	namespace := at(t, objects["Namespace"], "metadata", "name")
	for kind, object := range objects {
		if kind == "Namespace" || kind == "Kustomization" {
			continue
		}
		if got := at(t, object, "metadata", "namespace"); got != namespace {
			t.Errorf("%s is in namespace %v, want %v", kind, got, namespace)
		}
	}
}

func TestDeployment(t *testing.T) {
	objects := cluster(t)
	pod := at(t, objects["Deployment"], "spec", "template", "spec")
	container := at(t, pod, "containers", 0)
	wantFlags(t, words(at(t, container, "args")))

	for _, c := range []struct {
		from any
		path []any
		want any
	}{
		{objects["Deployment"], []any{"spec", "replicas"}, 1},
		{pod, []any{"securityContext", "runAsNonRoot"}, true},
		{pod, []any{"securityContext", "seccompProfile", "type"}, "RuntimeDefault"},
		{container, []any{"securityContext", "readOnlyRootFilesystem"}, true},
		{container, []any{"securityContext", "capabilities", "drop", 0}, "ALL"},
		{pod, []any{"volumes", 0, "configMap", "name"}, at(t, objects["ConfigMap"], "metadata", "name")},
		{pod, []any{"volumes", 1, "secret", "secretName"}, at(t, objects["Secret"], "metadata", "name")},
		{objects["Service"], []any{"spec", "selector"}, at(t, objects["Deployment"], "spec", "template", "metadata", "labels")},
		{objects["ServiceMonitor"], []any{"spec", "selector", "matchLabels"}, at(t, objects["Service"], "metadata", "labels")},
		{objects["ServiceMonitor"], []any{"spec", "endpoints", 0, "port"}, at(t, objects["Service"], "spec", "ports", 0, "name")},
		{objects["Service"], []any{"spec", "ports", 0, "targetPort"}, at(t, container, "ports", 0, "name")},
	} {
		if got := at(t, c.from, c.path...); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v is %v, want %v", c.path, got, c.want)
		}
	}
	if got := at(t, container, "securityContext").(map[string]any)["allowPrivilegeEscalation"]; got != false {
		t.Errorf("allowPrivilegeEscalation is %v", got)
	}
}

// The paths that Kubernetes and Prometheus ask for are ones that the web server has.
func TestProbedPathsExist(t *testing.T) {
	objects := cluster(t)
	container := at(t, objects["Deployment"], "spec", "template", "spec", "containers", 0)
	server := web.New(web.Config{View: func() web.View { return web.View{} }}).Handler()
	for _, path := range []any{
		at(t, container, "livenessProbe", "httpGet", "path"),
		at(t, container, "readinessProbe", "httpGet", "path"),
		at(t, objects["ServiceMonitor"], "spec", "endpoints", 0, "path"),
	} {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path.(string), nil))
		if w.Code == http.StatusNotFound {
			t.Errorf("nothing is at %s", path)
		}
	}
}

func TestManifestsOfTheConfigMapAreValid(t *testing.T) {
	dir := t.TempDir()
	for name, text := range at(t, cluster(t)["ConfigMap"], "data").(map[string]any) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.(string)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := run(t, "validate", "-f", dir); err != nil {
		t.Errorf("validate: %v\n%s", err, out)
	}
}
