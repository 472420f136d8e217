package main

import (
	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logFlags say what is logged, and how.
type logFlags struct {
	format    string
	verbosity int
	// quiet is for commands that print what they were asked for, and log only with -v.
	quiet bool
}

// add declares the flags on a command.
func (f *logFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.format, "log-format", "console", "console or json")
	cmd.Flags().CountVarP(&f.verbosity, "verbose", "v", "log more, and more again with -vv")
}

// logger makes the logger: logr in front, zap behind, on standard error.
func (f *logFlags) logger(e *env) (logr.Logger, func(), error) {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoding.TimeKey = "time"
	var encoder zapcore.Encoder
	switch f.format {
	case "json":
		encoder = zapcore.NewJSONEncoder(encoding)
	case "console":
		encoding.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		encoding.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(encoding)
	default:
		return logr.Logger{}, nil, usageError("--log-format is %q, neither console nor json", f.format)
	}
	level := zapcore.Level(-f.verbosity) // logr's V(1) is zap's -1
	if f.quiet {
		level++
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(e.err)), level)
	log := zap.New(core)
	return zapr.NewLogger(log), func() { _ = log.Sync() }, nil
}
