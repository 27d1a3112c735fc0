package opds

import (
	"slices"
	"strings"

	"lidwoord/reading/catalogue"
)

// accessibility is what a title says of how it can be read, which the European
// Accessibility Act wants to be shown.
type accessibility struct {
	Modes      []string `json:"accessMode,omitempty"`
	Sufficient []any    `json:"accessModeSufficient,omitempty"`
	Features   []string `json:"feature,omitempty"`
	Hazards    []string `json:"hazard,omitempty"`
	Summary    string   `json:"summary,omitempty"`
}

// What a manifest may say of accessibility; books say other things too.
var (
	knownModes    = strings.Fields("auditory chartOnVisual chemOnVisual colorDependent diagramOnVisual mathOnVisual musicOnVisual tactile textOnVisual textual visual")
	enoughModes   = strings.Fields("auditory tactile textual visual")
	knownFeatures = strings.Fields(`annotations ARIA bookmarks index pageBreakMarkers printPageNumbers pageNavigation readingOrder structuralNavigation
		tableOfContents taggedPDF alternativeText audioDescription closedCaptions captions describedMath longDescription openCaptions signLanguage
		transcript displayTransformability synchronizedAudioText timingControl unlocked ChemML latex latex-chemistry MathML MathML-chemistry ttsMarkup
		highContrastAudio highContrastDisplay largePrint braille tactileGraphic tactileObject fullRubyAnnotations horizontalWriting rubyAnnotations
		verticalWriting withAdditionalWordSegmentation withoutAdditionalWordSegmentation none unknown`)
	knownHazards = strings.Fields(`flashing motionSimulation sound none noFlashingHazard noMotionSimulationHazard noSoundHazard unknown
		unknownFlashingHazard unknownMotionSimulationHazard unknownSoundHazard`)
)

func accessOf(a catalogue.Access) *accessibility {
	known := func(list, vocabulary []string) (kept []string) {
		for _, word := range list {
			if slices.Contains(vocabulary, word) && !slices.Contains(kept, word) {
				kept = append(kept, word)
			}
		}
		return kept
	}
	out := accessibility{Modes: known(a.Modes, knownModes), Features: known(a.Features, knownFeatures), Hazards: known(a.Hazards, knownHazards), Summary: a.Summary}
	for _, enough := range a.Sufficient {
		switch together := known(strings.FieldsFunc(enough, func(r rune) bool { return r == ',' || r == ' ' }), enoughModes); len(together) {
		case 0:
		case 1:
			out.Sufficient = append(out.Sufficient, together[0])
		default:
			out.Sufficient = append(out.Sufficient, together)
		}
	}
	if out.Modes == nil && out.Sufficient == nil && out.Features == nil && out.Hazards == nil && out.Summary == "" {
		return nil
	}
	return &out
}
