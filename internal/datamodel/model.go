package datamodel

import "encoding/json"

// Model is the whole datamodel. Field names mirror the keys of datamodel.json.
type Model struct {
	Version           string         `json:"version"`
	Source            Source         `json:"source"`
	Classes           []*Class       `json:"classes"`        // public, sorted by name
	HiddenClasses     []*Class       `json:"hidden_classes"` // callable but undocumented
	Errors            []*ErrorDecl   `json:"errors"`
	APIMessages       []string       `json:"api_messages"` // names that can stand in message.name
	APIMessageDetails []APIMessage   `json:"api_message_details"`
	Releases          []Release      `json:"releases"`
	Relations         []RelationPair `json:"relations"`
	HTTPActions       []HTTPAction   `json:"http_actions"`
	Rules             Rules          `json:"rules"`

	byName  map[string]*Class
	ordered []*Class
}

// Source says which xapi the datamodel was read from.
type Source struct {
	APIVersion    string   `json:"api_version"`
	Commit        string   `json:"commit"`
	CommitDate    string   `json:"commit_date"`
	SchemaVersion string   `json:"schema_version"`
	Repository    string   `json:"repository"`
	Files         []string `json:"files"`
}

// Class is one class of the API. The order of Fields is the order of struct members on the wire.
type Class struct {
	Name                           string     `json:"name"`
	Description                    string     `json:"description"`
	EventClass                     string     `json:"event_class"` // the lower-case word used in events
	GeneratesEvents                bool       `json:"generates_events"`
	InDatabase                     bool       `json:"in_database"`
	Persisted                      bool       `json:"persisted"`
	GeneratedConstructorDestructor bool       `json:"generated_constructor_destructor"`
	HasUUID                        bool       `json:"has_uuid"`
	HasNameLabel                   bool       `json:"has_name_label"`
	HasTags                        bool       `json:"has_tags"`
	HasOtherConfig                 bool       `json:"has_other_config"`
	HasAllowedOperations           bool       `json:"has_allowed_operations"`
	HasGetAll                      bool       `json:"has_get_all"`
	HasGetAllRecords               bool       `json:"has_get_all_records"`
	HasGetByUUID                   bool       `json:"has_get_by_uuid"`
	HasGetByNameLabel              bool       `json:"has_get_by_name_label"`
	HasGetRecord                   bool       `json:"has_get_record"`
	HasCreate                      bool       `json:"has_create"`
	HasDestroy                     bool       `json:"has_destroy"`
	Lifecycle                      Lifecycle  `json:"lifecycle"`
	Tag                            string     `json:"tag"`
	Fields                         []*Field   `json:"fields"`
	HiddenFields                   []*Field   `json:"hidden_fields"`
	Messages                       []*Message `json:"messages"`
	HiddenMessages                 []*Message `json:"hidden_messages"`
	Enums                          []*Enum    `json:"enums"`

	fieldByName   map[string]*Field
	messageByName map[string]*Message
	allFields     []*Field
	allMessages   []*Message
}

// Field is one field of a class.
type Field struct {
	Name             string          `json:"name"` // full wire name, name spaces joined by one underscore
	Namespace        string          `json:"namespace"`
	Description      string          `json:"description"`
	Type             string          `json:"type"`
	Qualifier        string          `json:"qualifier"`     // "RW", "RO/constructor" or "RO/runtime"
	Default          *string         `json:"default"`       // nil: no default
	DefaultValue     json.RawMessage `json:"default_value"` // the same as JSON
	Persisted        bool            `json:"persisted"`
	ReaderRoles      []string        `json:"reader_roles"`
	WriterRoles      []string        `json:"writer_roles"`
	MapKeysRoles     []KeyRoles      `json:"map_keys_roles"`
	Relation         *Relation       `json:"relation"`
	InternalOnly     bool            `json:"internal_only"`
	HasEffect        bool            `json:"has_effect"`
	IgnoreForeignKey bool            `json:"ignore_foreign_key"`
	Pseudo           bool            `json:"pseudo"`
	Lifecycle        Lifecycle       `json:"lifecycle"`
	Tag              string          `json:"tag"`

	Parsed Type `json:"-"` // Type as a tree
}

// KeyRoles gives other roles for one key of a map field.
type KeyRoles struct {
	Key   string   `json:"key"`
	Roles []string `json:"roles"`
}

// Relation names the other side of a reference that the database keeps in step.
type Relation struct {
	Class string `json:"class"`
	Field string `json:"field"`
	Kind  string `json:"kind"` // "many-to-one", "one-to-many", "many-to-many", "one-to-one"
}

// RelationPair is a pair of fields ("VBD.VM", "VM.VBDs") that the database keeps in step.
type RelationPair struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Message is one call of a class.
type Message struct {
	Name               string     `json:"name"`
	Description        string     `json:"description"`
	Kind               string     `json:"kind"`  // "custom", "field getter", "get_all_records" …
	Field              string     `json:"field"` // the field behind a generated accessor
	Implicit           bool       `json:"implicit"`
	Params             []*Param   `json:"params"` // the session, where Session is true, is the first
	Result             []string   `json:"result"` // type and words; "void" alone for nothing
	Errors             []string   `json:"errors"` // incomplete, as in xapi's own description
	Roles              []string   `json:"roles"`
	MapKeysRoles       []KeyRoles `json:"map_keys_roles"`
	Async              bool       `json:"async"`
	Session            bool       `json:"session"`
	HasEffect          bool       `json:"has_effect"`
	Secret             bool       `json:"secret"`
	PoolInternal       bool       `json:"pool_internal"`
	HideFromDocs       bool       `json:"hide_from_docs"`
	NoCurrentOperation bool       `json:"no_current_operations"`
	CustomMarshaller   bool       `json:"custom_marshaller"`
	ForwardTo          string     `json:"forward_to"`
	Lifecycle          Lifecycle  `json:"lifecycle"`
	Tag                string     `json:"tag"`

	ResultType Type `json:"-"` // Result[0] as a tree
}

// Param is one parameter of a message.
type Param struct {
	Name         string          `json:"name"`
	Type         string          `json:"type"`
	Doc          string          `json:"doc"`
	Required     bool            `json:"required"` // false: may be left off from the end of the list
	Release      string          `json:"release"`
	Default      *string         `json:"default"`
	DefaultValue json.RawMessage `json:"default_value"`

	Parsed Type `json:"-"` // Type as a tree
}

// Enum is an enumeration; the order of its values is xapi's and decides the order of allowed_operations.
type Enum struct {
	Name   string      `json:"name"`
	Values []EnumValue `json:"values"`
}

// EnumValue is one word of an enumeration in API spelling.
type EnumValue struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// ErrorDecl is an error code with the documented names of its parameters; xapi sometimes sends others.
type ErrorDecl struct {
	Name       string   `json:"name"`
	Params     []string `json:"params"`
	Doc        string   `json:"doc"`
	Documented bool     `json:"documented"`
}

// HTTPAction is one handler of xapi's HTTP server. URI is a prefix, not a path.
type HTTPAction struct {
	Name   string   `json:"name"` // also the realm of its 401
	Method string   `json:"method"`
	URI    string   `json:"uri"`
	Roles  []string `json:"roles"`

	SubActions []SubAction `json:"sub_actions"` // parts of a handler with roles of their own
}

// SubAction is a part of an HTTP handler that has roles of its own.
type SubAction struct {
	Action string   `json:"key"`
	Roles  []string `json:"roles"`
}

// APIMessage is an alert that xapi can raise.
type APIMessage struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Priority int    `json:"priority"`
}

// Release is one release of the API.
type Release struct {
	CodeName     string `json:"code_name"`
	Branding     string `json:"branding"`
	ReleaseDate  string `json:"release_date"`
	VersionMajor int    `json:"version_major"`
	VersionMinor int    `json:"version_minor"`
}

// Lifecycle tells since when, and until when, a thing exists.
type Lifecycle struct {
	State       string       `json:"state"` // Prototyped_s, Published_s, Deprecated_s, Removed_s
	Transitions []Transition `json:"transitions"`
}

// Transition is one step of a Lifecycle.
type Transition struct {
	Transition  string `json:"transition"`
	Release     string `json:"release"`
	Description string `json:"description"`
}

// Rules are lists of calls and classes with a special treatment.
type Rules struct {
	EmergencyCalls           []string `json:"emergency_calls"` // the only calls of a host in emergency mode
	NotForwardedFromSlave    []string `json:"not_forwarded_from_slave"`
	NoTaskClasses            []string `json:"no_task_classes"`
	NoAsyncClasses           []string `json:"no_async_classes"`
	CurrentOperationsClasses []string `json:"current_operations_classes"`
	GetAllClasses            []string `json:"get_all_classes"`
}
