; What the NSIS installer does beside putting files down. electron-builder includes this file in its own script; the tests include
; it in a script of theirs. Everything that is more than a call lies in kits-agent.exe ("set-up", "activate", "retire"), where it
; can be tested.
;
; Exit codes: 0 done; 10 options or settings file cannot be used; 11 the directories or settings could not be written;
; 12 refused, nothing that runs was changed (an older version, an installation by the MSI, a folder outside of Program Files or one users can write to); 13 the new version did not prove
; itself, the one before runs on; 2 NSIS itself gave up. The reason stands in install.log in the program folder.

!include LogicLib.nsh
!include WordFunc.nsh
!include x64.nsh

!define KITS_DELIVERED "$INSTDIR\resources\agent\kits-agent.exe"
!define KITS_LOG "$INSTDIR\install.log"
!define KITS_EVENT_SOURCE "SYSTEM\CurrentControlSet\Services\EventLog\Application\KITS Agent"
!define KITS_RUN "Software\Microsoft\Windows\CurrentVersion\Run"

; Ends the installer. Silent or not, the code says why.
!macro kitsEnd CODE
  SetErrorLevel ${CODE}
  Quit
!macroend

; Without a console window; the program writes its words into the log itself.
!macro kitsRun ARGUMENTS RESULT
  nsExec::Exec '"${KITS_DELIVERED}" ${ARGUMENTS} --log-file "${KITS_LOG}"'
  Pop ${RESULT}
!macroend

; The tray alone: electron-builder's own check ends everything that runs from the program folder, the service too.
!macro customCheckAppRunning
  nsExec::Exec '"$SYSDIR\taskkill.exe" /F /IM "${APP_EXECUTABLE_FILENAME}"'
  Pop $R0
  ${If} $R0 == 0
    Sleep 1000
  ${EndIf}
!macroend

; Before any file is touched: what lies in the folder is started with all rights, before anything of ours could look who may change
; it; and an older version would find a store it cannot read.
!macro customInit
  System::Call 'kernel32::GetFullPathNameW(w "$INSTDIR", i ${NSIS_MAX_STRLEN}, w .r1, p 0) i .r0'
  StrLen $R1 "$PROGRAMFILES64\"
  StrCpy $R2 $1 $R1
  ${If} $0 == 0
  ${OrIf} $R2 != "$PROGRAMFILES64\"
    MessageBox MB_OK|MB_ICONSTOP "KITS Agent wird nur unterhalb von $PROGRAMFILES64 installiert. / KITS Agent is installed below $PROGRAMFILES64 only." /SD IDOK
    !insertmacro kitsEnd 12
  ${EndIf}
  ; Only the MSI writes this one. Either of the two would remove what the other one runs.
  ReadRegDWORD $R1 HKLM "SOFTWARE\KITS\Agent" "StartMenu"
  ${If} $R1 == 1
    MessageBox MB_OK|MB_ICONSTOP "KITS Agent ist hier mit dem MSI installiert. Bleiben Sie dabei, oder entfernen Sie es zuerst. / KITS Agent was installed here by the MSI. Go on with that, or remove it first." /SD IDOK
    !insertmacro kitsEnd 12
  ${EndIf}
  ReadRegStr $R1 HKLM "${UNINSTALL_REGISTRY_KEY}" "DisplayVersion"
  ${If} $R1 != ""
    ${VersionCompare} "$R1" "${VERSION}" $R2
    ${If} $R2 == 1
      !insertmacro kitsEnd 12
    ${EndIf}
  ${EndIf}
!macroend

!macro customInstall
  ; The one-click script keeps a copy of the whole installer in the profile of whoever installs, for an updater we do not have.
  !ifdef APP_INSTALLER_STORE_FILE
    SetShellVarContext current
    Delete "$LOCALAPPDATA\${APP_INSTALLER_STORE_FILE}"
    SetShellVarContext all
  !endif

  ; A helper of electron-builder's updater that runs anything with an administrator's rights.
  Delete "$INSTDIR\resources\elevate.exe"

  WriteRegExpandStr HKLM "${KITS_EVENT_SOURCE}" "EventMessageFile" "%SystemRoot%\System32\EventCreate.exe"
  WriteRegDWORD HKLM "${KITS_EVENT_SOURCE}" "TypesSupported" 7
  WriteRegDWORD HKLM "${KITS_EVENT_SOURCE}" "CustomSource" 1

  ; The command line as it stands, token and all, goes through the environment of one child: no log and no list of processes
  ; shows it, and nothing is cut at the length of an NSIS string.
  System::Call 'kernel32::GetCommandLineW() p .r0'
  System::Call 'kernel32::SetEnvironmentVariableW(w "KITS_SETUP_COMMAND_LINE", p r0)'
  !insertmacro kitsRun 'set-up --settings-file-if-there "$EXEDIR\kits-agent-setup.json"' $R0
  System::Call 'kernel32::SetEnvironmentVariableW(w "KITS_SETUP_COMMAND_LINE", p 0)'
  ${If} $R0 == 2
    !insertmacro kitsEnd 10
  ${ElseIf} $R0 != 0
    !insertmacro kitsEnd 11
  ${EndIf}

  !insertmacro kitsRun 'activate --install-root "$INSTDIR"' $R0
  ${If} $R0 == 2
    !insertmacro kitsEnd 12
  ${ElseIf} $R0 != 0
    !insertmacro kitsEnd 13
  ${EndIf}

  ; Last: whoever logs on in between finds a service that speaks.
  WriteRegStr HKLM "${KITS_RUN}" "KITS Agent" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}"'
  ; Nobody has to log on anew to see it. What comes of it is in the log; the installation is done either way.
  !insertmacro kitsRun 'start-tray --program "$INSTDIR\${APP_EXECUTABLE_FILENAME}"' $R0
!macroend

; Runs for the old version during an upgrade as well; then nothing of this may happen.
!macro customUnInstall
  ${IfNot} ${isUpdated}
    DeleteRegValue HKLM "${KITS_RUN}" "KITS Agent"
    DeleteRegKey HKLM "${KITS_EVENT_SOURCE}"
    ${DisableX64FSRedirection}
    nsExec::Exec '"$SYSDIR\schtasks.exe" /delete /tn "KITS Agent Guard" /f'
    Pop $R0
    nsExec::Exec '"$SYSDIR\schtasks.exe" /delete /tn "KITS Agent Tray" /f'
    Pop $R0
    nsExec::Exec '"$SYSDIR\schtasks.exe" /end /tn "KITS Agent"'
    Pop $R0
    nsExec::Exec '"$SYSDIR\schtasks.exe" /delete /tn "KITS Agent" /f'
    Pop $R0
    ${EnableX64FSRedirection}
    ; Tells the server, and removes the data unless they are to be kept.
    ClearErrors
    ${GetParameters} $R1
    ${GetOptions} $R1 "/KEEPDATA" $R2
    ${If} ${Errors}
      !insertmacro kitsRun 'retire' $R0
      ; What "retire" leaves to the package. Folders go only when nothing else lies in them.
      SetShellVarContext all
      Delete "$APPDATA\KITS\Agent\agent.json"
      RMDir "$APPDATA\KITS\Agent"
      RMDir "$APPDATA\KITS"
      DeleteRegKey HKLM "SOFTWARE\KITS\Agent"
      DeleteRegKey /ifempty HKLM "SOFTWARE\KITS"
    ${Else}
      !insertmacro kitsRun 'retire --keep-data' $R0
    ${EndIf}
  ${EndIf}
!macroend

; During an upgrade the versions stay: one of them is running. Everything else goes, so that no file of an older tray is left.
!macro customRemoveFiles
  SetOutPath $TEMP
  ${If} ${isUpdated}
    FindFirst $R0 $R1 "$INSTDIR\*.*"
    ${DoWhile} $R1 != ""
      ${If} $R1 == "."
      ${OrIf} $R1 == ".."
      ${OrIf} $R1 == "versions"
      ${OrIf} $R1 == "install.log"
      ${ElseIf} ${FileExists} "$INSTDIR\$R1\*.*"
        RMDir /r "$INSTDIR\$R1"
      ${Else}
        Delete "$INSTDIR\$R1"
      ${EndIf}
      FindNext $R0 $R1
    ${Loop}
    FindClose $R0
    ClearErrors
  ${Else}
    RMDir /r /REBOOTOK "$INSTDIR"
  ${EndIf}
!macroend
